// What the real programs refuse: one clear message with place, cause and remedy, and the documented exit code.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include "end_to_end.h"
#include "eventually.h"

namespace parley::daemon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A port that somebody else listens on.
class TakenPort {
 public:
  TakenPort() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 1), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~TakenPort() { close(socket_); }
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
};

TEST_F(EndToEnd, ATakenPortIsNamedWithTheOptionThatMovesIt) {
  const TakenPort taken;
  const std::string file = write("small.toml", kSmallSwarm);
  const Finished finished = run_program(
      "parleyd", {"--config", file, "--peer", "peer-0", "--set", "swarm.base_port=" + std::to_string(taken.port())},
      environment());
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err,
              AllOf(HasSubstr(std::to_string(taken.port())), HasSubstr("in use"), HasSubstr("swarm.base_port")));
}

TEST_F(EndToEnd, APeerWithAnotherConfigurationIsToldWhatDiffersAndStops) {
  const std::string file = write("small.toml", std::string(kSmallSwarm) + "[topology]\ngraph = \"complete\"\n");
  const std::string base = free_base_port();
  std::vector<std::unique_ptr<Program>> others;
  for (const char* peer : {"peer-0", "peer-1", "peer-2"}) {
    others.push_back(std::make_unique<Program>(
        "parleyd", std::vector<std::string>{"--config", file, "--peer", peer, "--set", base}, environment()));
  }
  const Finished odd = run_program(
      "parleyd", {"--config", file, "--peer", "peer-3", "--set", base, "--set", "learning.learning_rate=0.2"},
      environment());
  EXPECT_EQ(odd.exit_code, 1);
  EXPECT_THAT(odd.err, AllOf(HasSubstr("learning.learning_rate"), HasSubstr("0.2"), HasSubstr("0.1")));
  for (auto& other : others) {
    EXPECT_TRUE(other->is_running()) << other->err_so_far();
    other->signal(SIGTERM);
    EXPECT_EQ(other->wait().exit_code, 0);
  }
}

TEST_F(EndToEnd, ASecondDaemonInTheSameDirectoryIsRefused) {
  const std::string file = write("small.toml", kSmallSwarm);
  const std::vector<std::string> arguments = {
      "--config",      file, "--peer", "peer-0", "--set", "metrics.run_dir=" + run_directory("one"), "--set",
      free_base_port()};
  auto with = [&](const std::string& runtime) {
    return std::vector<std::pair<std::string, std::string>>{{"PARLEY_RUNTIME_DIR", (scratch / runtime).string()}};
  };
  Program first("parleyd", arguments, with("a"));
  ASSERT_TRUE(
      eventually([&] { return !first.is_running() || std::filesystem::exists(scratch / "one" / "peer-0" / "lock"); }));
  const Finished second = run_program("parleyd", arguments, with("b"));
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_THAT(second.err, AllOf(HasSubstr("another daemon"), HasSubstr("metrics.run_dir")));
}

TEST_F(EndToEnd, ARunDirectoryThatCannotBeUsedEndsASwarmWithCode3) {
  const std::string file = write("small.toml", kSmallSwarm);
  write("a-file", "in the way");
  std::filesystem::create_directories(scratch / "half" / "peer-1" / "log.txt");
  for (const char* run : {"a-file", "half"}) {
    const Finished refused = parley({"swarm", file, "--run-dir", run_directory(run)});
    EXPECT_EQ(refused.exit_code, 3) << run;
    EXPECT_THAT(refused.err, AllOf(HasSubstr("parley: error: " + run_directory(run)), HasSubstr("choose another")));
  }
}

/// An IDX file of zeros.
std::string idx_file(const std::vector<unsigned char>& extents) {
  std::string file = {0, 0, 8, static_cast<char>(extents.size())};
  std::size_t size = 1;
  for (const unsigned char extent : extents) {
    file += {0, 0, 0, static_cast<char>(extent)};
    size *= extent;
  }
  return file + std::string(size, '\0');
}

std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string input = bytes, packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

struct DataFile {
  std::string name, contents;
};

std::string half_of(const std::string& bytes) {
  return bytes.substr(0, bytes.size() / 2);
}

/// The four files of a small MNIST, of which the one with that name is only there in half, packed or not.
std::vector<DataFile> mnist_with_half(const std::string& cut, bool packed) {
  std::vector<DataFile> files = {{"train-images-idx3-ubyte", idx_file({60, 28, 28})},
                                 {"train-labels-idx1-ubyte", idx_file({60})},
                                 {"t10k-images-idx3-ubyte", idx_file({20, 28, 28})},
                                 {"t10k-labels-idx1-ubyte", idx_file({20})}};
  for (DataFile& file : files) {
    const bool is_cut = file.name == cut;
    if (packed) file = {file.name + ".gz", gzipped(file.contents)};
    if (is_cut) file.contents = half_of(file.contents);
  }
  return files;
}

std::vector<DataFile> alike(const std::vector<const char*>& names, const std::string& contents) {
  std::vector<DataFile> files;
  for (const char* name : names) files.push_back({name, contents});
  return files;
}

struct BadData {
  const char* name;
  const char* dataset;
  std::vector<DataFile> files;    ///< written into the data directory
  std::vector<const char*> said;  ///< the file, what is wrong, what to do
};

void PrintTo(const BadData& bad, std::ostream* out) {
  *out << bad.name;
}

class BadDataTest : public EndToEnd, public ::testing::WithParamInterface<BadData> {};

TEST_P(BadDataTest, IsRefusedWithTheFileAndTheRemedy) {
  const BadData& bad = GetParam();
  std::filesystem::create_directories(scratch / "data");
  for (const DataFile& file : bad.files) std::ofstream(scratch / "data" / file.name) << file.contents;
  const std::string file = write("small.toml", kSmallSwarm);
  const std::vector<std::string> settings = {"--set", std::string("learning.dataset=") + bad.dataset,
                                             "--set", "learning.model=softmax",
                                             "--set", "learning.data=" + (scratch / "data").string()};
  std::vector<std::string> arguments = {"simulate", file};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  const Finished simulated = parley(arguments);
  EXPECT_EQ(simulated.exit_code, 2);
  arguments = {"--config", file, "--peer", "peer-1"};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  const Finished real = run_program("parleyd", arguments, environment());
  EXPECT_EQ(real.exit_code, 2);
  EXPECT_THAT(simulated.err, StartsWith("parley: error: "));
  EXPECT_THAT(real.err, StartsWith("parleyd: error: "));
  for (const std::string& err : {simulated.err, real.err}) {
    EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << "one message: " << err;
  }
  for (const char* part : bad.said) {
    EXPECT_THAT(simulated.err, HasSubstr(part));
    EXPECT_THAT(real.err, HasSubstr(part));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadDataTest,
    ::testing::Values(BadData{"MissingIdx", "mnist", {}, {"images-idx3-ubyte", "learning.data"}},
                      BadData{"NotAnIdx",
                              "mnist",
                              alike({"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                     "t10k-labels-idx1-ubyte"},
                                    "IDX?"),
                              {"-ubyte: at byte 0", "IDX"}},
                      BadData{"TruncatedIdxOfTheTest",
                              "mnist",
                              mnist_with_half("t10k-images-idx3-ubyte", false),
                              {"t10k-images-idx3-ubyte: ", "20 images",
                               "more than the file can hold; copy the file again"}},
                      BadData{"TruncatedGzOfTheTraining",
                              "mnist",
                              mnist_with_half("train-images-idx3-ubyte", true),
                              {"train-images-idx3-ubyte.gz: ", "cut off", "copy the file again"}},
                      BadData{"TruncatedGzOfTheTest",
                              "mnist",
                              mnist_with_half("t10k-images-idx3-ubyte", true),
                              {"t10k-images-idx3-ubyte.gz: ", "cut off", "copy the file again"}},
                      BadData{"MissingLibsvm", "libsvm(a9a)", {}, {"a9a", "learning.data"}},
                      BadData{"BrokenLibsvm", "libsvm(a9a)", {{"a9a", "+1 1:1 2:1\n-1 1:x\n"}}, {"a9a:2"}},
                      BadData{"TruncatedLibsvm",
                              "libsvm(a9a)",
                              {{"a9a", "+1 1:1 2:1\n-1 1:1 2:"}},
                              {"a9a:2:8: ", "found \"2:\"", "needed index:value"}},
                      BadData{"TruncatedLibsvmOfTheTest",
                              "libsvm(a9a)",
                              {{"a9a", "+1 1:1 2:1\n-1 1:1\n"}, {"a9a.t.gz", half_of(gzipped("+1 1:1 2:1\n-1 1:1\n"))}},
                              {"a9a.t.gz: ", "cut off", "copy the file again"}},
                      BadData{"MissingCsv", "csv(train=t.csv)", {}, {"t.csv", "learning.data"}},
                      BadData{"MissingCsvOfTheTest",
                              "csv(train=t.csv, test=u.csv)",
                              {{"t.csv", "a,b,y\n1,2,0\n1,3,1\n"}},
                              {"u.csv", "learning.data"}},
                      BadData{"BrokenCsv", "csv(train=t.csv)", {{"t.csv", "a,b,y\n1,2,0\n1,zwei,1\n"}}, {"t.csv:3"}}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace parley::daemon
