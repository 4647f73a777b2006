#include "learning/datasets/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace parley::learning {
namespace {

constexpr std::size_t kBuffer = 65536;
// Deflate cannot expand by more than this (zlib's technical notes). LZMA has no published bound: a match of 273 bytes
// costs at least about a sixth of a bit, which is 13,000 to 1; the next power of two is used.
constexpr std::uint64_t kMostDeflate = 1032;
constexpr std::uint64_t kMostXz = 16384;
// The decoder of "xz -9" needs 65 MiB.
constexpr std::uint64_t kXzMemory = std::uint64_t{256} << 20;

std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b ? std::numeric_limits<std::uint64_t>::max()
                                                                     : a * b;
}

/// The bytes on the disk.
class RawFile {
 public:
  explicit RawFile(const std::filesystem::path& path) : name_(path.string()) {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0) fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
    struct stat status{};
    const bool regular = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    if (!regular) {
      ::close(descriptor_);
      fail("is not a regular file");
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  ~RawFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  RawFile(RawFile&& other) noexcept
      : name_(std::move(other.name_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}
  RawFile& operator=(RawFile&&) = delete;

  std::size_t read(std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size()) {
      const ::ssize_t got = ::read(descriptor_, out.data() + done, out.size() - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(fmt::format("cannot be read: {}", std::strerror(errno)));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }
  void seek(std::uint64_t offset) {
    if (::lseek(descriptor_, static_cast<::off_t>(offset), SEEK_SET) < 0)
      fail(fmt::format("cannot be read: {}", std::strerror(errno)));
  }
  std::uint64_t size() const { return size_; }

 private:
  [[noreturn]] void fail(std::string message) const {
    throw base::OperatorError(base::Place{.file = name_, .key = {}}, std::move(message));
  }

  std::string name_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace

class InputFile::Stream {
 public:
  Stream(RawFile raw, std::uint64_t most_expansion)
      : raw_(std::move(raw)), most_bytes_(saturating_product(raw_.size(), most_expansion)) {}
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual std::size_t read(std::span<std::byte> out, const InputFile& file) = 0;
  /// Moves on by `count` bytes without reading them, if that is possible.
  virtual bool seek_forward(std::uint64_t /*offset*/, std::uint64_t /*count*/) { return false; }
  std::uint64_t most_bytes() const { return most_bytes_; }

 protected:
  RawFile raw_;

 private:
  const std::uint64_t most_bytes_;
};

class InputFile::Plain final : public Stream {
 public:
  explicit Plain(RawFile raw) : Stream(std::move(raw), 1) {}
  std::size_t read(std::span<std::byte> out, const InputFile&) override { return raw_.read(out); }
  bool seek_forward(std::uint64_t offset, std::uint64_t count) override {
    if (count > most_bytes() - std::min(offset, most_bytes())) return false;
    raw_.seek(offset + count);
    return true;
  }
};

class InputFile::Gzip final : public Stream {
 public:
  explicit Gzip(RawFile raw) : Stream(std::move(raw), kMostDeflate) {
    constexpr int kGzipOnly = 15 + 16;
    PARLEY_CHECK(::inflateInit2(&zlib_, kGzipOnly) == Z_OK);
  }
  ~Gzip() override { ::inflateEnd(&zlib_); }

  std::size_t read(std::span<std::byte> out, const InputFile& file) override {
    out = out.first(std::min<std::size_t>(out.size(), std::size_t{1} << 30));
    zlib_.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib_.avail_out = static_cast<uInt>(out.size());
    while (zlib_.avail_out > 0 && refill(file)) {
      const int status = ::inflate(&zlib_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        PARLEY_CHECK(::inflateReset(&zlib_) == Z_OK);
        inside_ = false;
      } else if (status != Z_OK) {
        file.fail(fmt::format("the gzip data are damaged ({})", zlib_.msg != nullptr ? zlib_.msg : "unknown reason"));
      }
    }
    return out.size() - zlib_.avail_out;
  }

 private:
  /// True if there is input for the decoder; false at the end of the last member. Zeros may follow a member as padding.
  bool refill(const InputFile& file) {
    if (inside_ && zlib_.avail_in > 0) return true;
    while (true) {
      if (zlib_.avail_in == 0) {
        zlib_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
        zlib_.avail_in = static_cast<uInt>(raw_.read(buffer_));
        if (zlib_.avail_in == 0 && inside_) file.fail("the gzip data end here, cut off; copy the file again");
        if (zlib_.avail_in == 0) return false;
      }
      if (inside_) return true;
      for (; zlib_.avail_in > 0 && *zlib_.next_in == 0; --zlib_.avail_in) ++zlib_.next_in;
      inside_ = zlib_.avail_in > 0;
    }
  }

  std::array<std::byte, kBuffer> buffer_{};
  z_stream zlib_{};
  bool inside_ = false;  // between the first and the last byte of a member
};

class InputFile::Xz final : public Stream {
 public:
  explicit Xz(RawFile raw) : Stream(std::move(raw), kMostXz) {
    PARLEY_CHECK(::lzma_stream_decoder(&lzma_, kXzMemory, LZMA_CONCATENATED) == LZMA_OK);
  }
  ~Xz() override { ::lzma_end(&lzma_); }

  std::size_t read(std::span<std::byte> out, const InputFile& file) override {
    lzma_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    lzma_.avail_out = out.size();
    while (lzma_.avail_out > 0 && !finished_) {
      if (lzma_.avail_in == 0 && !input_ended_) {
        lzma_.next_in = reinterpret_cast<const std::uint8_t*>(buffer_.data());
        lzma_.avail_in = raw_.read(buffer_);
        input_ended_ = lzma_.avail_in < buffer_.size();
      }
      const ::lzma_ret status = ::lzma_code(&lzma_, input_ended_ ? LZMA_FINISH : LZMA_RUN);
      if (status == LZMA_STREAM_END) {
        finished_ = true;
      } else if (status == LZMA_BUF_ERROR) {
        file.fail("the xz data end here, cut off; copy the file again");
      } else if (status == LZMA_MEMLIMIT_ERROR) {
        file.fail(
            fmt::format("the xz data need {} MiB to be decompressed; allowed: {} MiB (compress with xz -9 or less)",
                        ::lzma_memusage(&lzma_) >> 20, kXzMemory >> 20));
      } else if (status != LZMA_OK) {
        file.fail(fmt::format("the xz data are damaged (liblzma error {})", static_cast<int>(status)));
      }
    }
    return out.size() - lzma_.avail_out;
  }

 private:
  std::array<std::byte, kBuffer> buffer_{};
  ::lzma_stream lzma_ = LZMA_STREAM_INIT;
  bool input_ended_ = false;
  bool finished_ = false;
};

InputFile::InputFile(const std::filesystem::path& path) : name_(path.string()) {
  RawFile raw(path);
  std::array<unsigned char, 6> start{};
  const std::size_t got = raw.read(std::as_writable_bytes(std::span(start)));
  raw.seek(0);
  constexpr std::array<unsigned char, 6> kXzStart = {0xfd, '7', 'z', 'X', 'Z', 0};
  if (got >= 2 && start[0] == 0x1f && start[1] == 0x8b) {
    stream_ = std::make_unique<Gzip>(std::move(raw));
  } else if (got == start.size() && start == kXzStart) {
    stream_ = std::make_unique<Xz>(std::move(raw));
  } else {
    stream_ = std::make_unique<Plain>(std::move(raw));
  }
}

InputFile::~InputFile() = default;

std::size_t InputFile::read(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t got = stream_->read(out.subspan(done), *this);
    if (got == 0) break;
    done += got;
    offset_ += got;
  }
  return done;
}

void InputFile::read_exactly(std::span<std::byte> out, std::string_view what) {
  const std::uint64_t start = offset_;
  const std::size_t got = read(out);
  if (got < out.size()) {
    fail_at(start, fmt::format("{} is cut off: found {} bytes, needed {}; copy the file again", what, got, out.size()));
  }
}

void InputFile::skip(std::uint64_t count, std::string_view what) {
  if (stream_->seek_forward(offset_, count)) {
    offset_ += count;
    return;
  }
  std::array<std::byte, 16384> ignored;
  while (count > 0) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(count, ignored.size()));
    read_exactly(std::span(ignored).first(step), what);
    count -= step;
  }
}

void InputFile::expect_end(std::string_view what) {
  const std::uint64_t end = offset_;
  std::byte extra;
  if (read(std::span(&extra, 1)) != 0) fail_at(end, fmt::format("found more bytes after {}; needed the end", what));
}

std::uint64_t InputFile::most_bytes() const {
  return stream_->most_bytes();
}

void InputFile::fail(std::string_view message) const {
  fail_at(offset_, message);
}

void InputFile::fail_at(std::uint64_t offset, std::string_view message) const {
  throw base::OperatorError(base::Place{.file = name_, .key = {}}, fmt::format("at byte {}: {}", offset, message));
}

std::optional<std::filesystem::path> look_for_file(const std::string& directory, const std::string& name) {
  namespace fs = std::filesystem;
  const bool absolute = fs::path(name).is_absolute();
  if (directory.empty() && !absolute) {
    throw base::OperatorError(fmt::format(
        "the file \"{}\" is needed, but no data directory is configured; set learning.data or PARLEY_DATA", name));
  }
  for (const char* folder : {"", "mnist", "libsvm"}) {
    const fs::path base = absolute ? fs::path(name) : fs::path(directory) / folder / name;
    for (const char* ending : {"", ".gz", ".xz"}) {
      fs::path candidate = base;
      candidate += ending;
      std::error_code ignored;
      if (fs::is_regular_file(candidate, ignored)) return candidate;
    }
    if (absolute) break;
  }
  return std::nullopt;
}

std::filesystem::path find_file(const std::string& directory, const std::string& name) {
  if (auto found = look_for_file(directory, name)) return *std::move(found);
  const bool absolute = std::filesystem::path(name).is_absolute();
  const std::string where = absolute ? std::string() : fmt::format(" in {}, its mnist/ or its libsvm/", directory);
  throw base::OperatorError(
      fmt::format("found no file \"{}\"{}, nor with .gz or .xz at its end; put it there, or set learning.data or "
                  "PARLEY_DATA to the "
                  "directory that has it",
                  name, where));
}

}  // namespace parley::learning
