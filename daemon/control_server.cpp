#include "daemon/control_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <zmq.hpp>

#include "base/error.h"
#include "daemon/descriptor.h"
#include "daemon/runtime_directory.h"

namespace parley::daemon {
namespace {

namespace fs = std::filesystem;

constexpr int kLingerMs = 200;
constexpr int kMessagesPerClient = 16;
constexpr int kBacklog = 128;
constexpr std::chrono::milliseconds kProbeTimeout{500};

[[noreturn]] void cannot_bind(const std::string& endpoint, int error) {
  throw base::OperatorError(
      fmt::format("{}: cannot bind the control socket: {}; change control.endpoint or PARLEY_RUNTIME_DIR", endpoint,
                  std::strerror(error)));
}

[[noreturn]] void in_use(const std::string& endpoint) {
  throw base::OperatorError(
      fmt::format("{}: a running daemon already listens on this control socket; stop it (parley stop {}), or give this "
                  "peer another control.endpoint or PARLEY_RUNTIME_DIR",
                  endpoint, endpoint));
}

/// A socket file that is removed when it goes, unless another has taken its place.
class SocketFile {
 public:
  explicit SocketFile(fs::path path) : path_(std::move(path)) {
    struct stat info{};
    if (::stat(path_.c_str(), &info) == 0) device_ = info.st_dev, inode_ = info.st_ino;
  }
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile() {
    struct stat info{};
    if (::stat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_) ::unlink(path_.c_str());
  }

 private:
  fs::path path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// A listening unix socket of mode 0600. libzmq would take over the path of a living daemon without a word, and make
/// the file with the mode of the umask; so the file is made here and libzmq gets the descriptor.
Descriptor listen_on(const std::string& endpoint, const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof address.sun_path) cannot_bind(endpoint, ENAMETOOLONG);
  std::memcpy(address.sun_path, name.data(), name.size());

  // Two daemons that start at once must not both find the file stale and remove each other's.
  const Descriptor directory(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::flock(directory.get(), LOCK_EX) != 0) cannot_bind(endpoint, errno);

  if (const std::error_code probe = probe_endpoint(endpoint, kProbeTimeout); !probe)
    in_use(endpoint);
  else if (probe == std::errc::connection_refused && fs::is_socket(path))
    ::unlink(path.c_str());  // nobody has it open: left behind by a daemon that was killed

  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(socket.get(), kBacklog) != 0)  // connections only from here on
    cannot_bind(endpoint, errno);
  return socket;
}

void check_loopback(const std::string& endpoint) {
  if (endpoint.starts_with("tcp://127.") || endpoint.starts_with("tcp://[::1]:")) return;
  throw base::OperatorError(fmt::format(
      "{}: a control socket is \"auto\", ipc://PATH or on loopback (tcp://127.0.0.1:PORT): whoever reaches it "
      "may stop the peer",
      endpoint));
}

}  // namespace

struct ControlServer::State {
  zmq::context_t context;
  zmq::socket_t router{context, zmq::socket_type::router};
  std::optional<SocketFile> file;  // goes before the socket closes: a file that is there has someone behind it
  std::string endpoint;
  Statistics statistics;

  // Frames are taken one at a time, so that a message of a great many counts as many.
  enum class Next : std::uint8_t { client, request, rest } next = Next::client;
  zmq::message_t client;

  void reply(std::uint64_t id, wire::ControlAnswer answer);
  void refuse(const base::Refusal& refusal);
  bool take_frame(const Answer& answer, std::optional<wire::PeerStatus>& known);
};

ControlServer::ControlServer(const Settings& settings) : state_(std::make_unique<State>()) {
  zmq::socket_t& router = state_->router;
  router.set(zmq::sockopt::linger, kLingerMs);
  router.set(zmq::sockopt::rcvhwm, kMessagesPerClient);
  router.set(zmq::sockopt::sndhwm, kMessagesPerClient);
  router.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(wire::kMaxControlRequestBytes));
  Descriptor listening;
  const fs::path path = socket_path(settings.endpoint);
  if (!path.empty()) {
    listening = listen_on(settings.endpoint, path);
    state_->file.emplace(path);
    if (const int use = listening.get(); zmq_setsockopt(router.handle(), ZMQ_USE_FD, &use, sizeof use) != 0)
      cannot_bind(settings.endpoint, zmq_errno());
  } else {
    check_loopback(settings.endpoint);
    router.set(zmq::sockopt::ipv6, settings.endpoint.starts_with("tcp://["));
  }
  if (zmq_bind(router.handle(), settings.endpoint.c_str()) != 0) {
    if (zmq_errno() == EADDRINUSE) in_use(settings.endpoint);
    cannot_bind(settings.endpoint, zmq_errno());
  }
  listening.release();  // libzmq's now
  state_->endpoint = router.get(zmq::sockopt::last_endpoint);
}

ControlServer::~ControlServer() = default;

const std::string& ControlServer::endpoint() const {
  return state_->endpoint;
}
void* ControlServer::handle() const {
  return state_->router.handle();
}
const ControlServer::Statistics& ControlServer::statistics() const {
  return state_->statistics;
}

void ControlServer::State::reply(std::uint64_t id, wire::ControlAnswer answer) {
  const std::vector<std::byte> frame = wire::encode_reply({id, std::move(answer)});
  zmq::message_t to(client.data(), client.size()), body(frame.data(), frame.size());
  const bool sent = zmq_msg_send(to.handle(), router.handle(), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
                    zmq_msg_send(body.handle(), router.handle(), ZMQ_DONTWAIT) >= 0;
  if (!sent) ++statistics.dropped;
}

void ControlServer::State::refuse(const base::Refusal& refusal) {
  ++statistics.refused[refusal.reason];
  reply(0,
        wire::ControlRefused{fmt::format("the request was not understood: {} ({})", refusal.reason, refusal.detail)});
}

/// Takes one frame; false if there was none.
bool ControlServer::State::take_frame(const Answer& answer, std::optional<wire::PeerStatus>& known) {
  zmq::message_t frame;
  if (zmq_msg_recv(frame.handle(), router.handle(), ZMQ_DONTWAIT) < 0) return false;
  const bool more = frame.more();
  if (next == Next::client) {
    client = std::move(frame);
    next = more ? Next::request : Next::client;
    return true;
  }
  const bool is_request = next == Next::request;
  next = more ? Next::rest : Next::client;
  if (!is_request) return true;
  if (more) return refuse({"too_many_frames", "a request is one frame"}), true;

  const auto request = wire::decode_request({static_cast<const std::byte*>(frame.data()), frame.size()});
  if (!request.ok()) return refuse(request.refusal()), true;
  ++statistics.answered;
  if (!std::holds_alternative<wire::AskStatus>(request->ask)) {
    known.reset();  // what was asked may change the status
    return reply(request->id, answer(request->ask)), true;
  }
  if (known) return reply(request->id, *known), true;
  wire::ControlAnswer said = answer(request->ask);
  if (const auto* status = std::get_if<wire::PeerStatus>(&said)) known = *status;
  return reply(request->id, std::move(said)), true;
}

std::size_t ControlServer::serve(const Answer& answer, std::size_t limit) {
  std::optional<wire::PeerStatus> known;
  std::size_t frames = 0;
  while (frames < 2 * limit && state_->take_frame(answer, known)) ++frames;
  return (frames + 1) / 2;
}

}  // namespace parley::daemon
