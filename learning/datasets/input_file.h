// Files of samples, read from front to back, plain or compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace parley::learning {

/// A regular file as a stream of bytes. Its first bytes tell whether it is gzip or xz, whatever its name says; it is
/// then decompressed on the way through a buffer of fixed size. Every failure throws base::OperatorError.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Fills `out`; returns how many bytes there were, fewer than asked for only at the end of the file.
  std::size_t read(std::span<std::byte> out);
  /// Fills `out` or fails, saying that `what` is cut off.
  void read_exactly(std::span<std::byte> out, std::string_view what);
  void skip(std::uint64_t count, std::string_view what);
  /// Fails unless the file ends here.
  void expect_end(std::string_view what);

  std::uint64_t offset() const { return offset_; }  ///< bytes handed out so far, after decompression
  /// No more bytes than this can be in the file after decompression. What a header promises is held against it before
  /// memory is set aside.
  std::uint64_t most_bytes() const;
  const std::string& name() const { return name_; }

  /// Throws OperatorError "name: at byte OFFSET: message".
  [[noreturn]] void fail(std::string_view message) const;
  [[noreturn]] void fail_at(std::uint64_t offset, std::string_view message) const;

 private:
  class Stream;
  class Plain;
  class Gzip;
  class Xz;

  std::string name_;
  std::unique_ptr<Stream> stream_;
  std::uint64_t offset_ = 0;
};

/// The file called `name`, if there is one: in `directory` or its folders mnist/ and libsvm/, with the ending "", ".gz"
/// or
/// ".xz". An absolute name needs no directory; without one, any other name throws base::OperatorError.
std::optional<std::filesystem::path> look_for_file(const std::string& directory, const std::string& name);
/// The same. Throws base::OperatorError saying where was looked if there is none.
std::filesystem::path find_file(const std::string& directory, const std::string& name);

}  // namespace parley::learning
