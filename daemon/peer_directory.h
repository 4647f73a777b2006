// RUN/<peer>: where one daemon leaves what it has to show, and which no second daemon may use at the same time.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace parley::daemon {

/// A run directory cannot be used: the program exits 3.
class DirectoryUnusable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Makes and locks the directory; the lock ends with the object or the process.
class PeerDirectory {
 public:
  /// Throws DirectoryUnusable if another daemon holds it, or if it cannot be made or written.
  explicit PeerDirectory(std::filesystem::path path);
  ~PeerDirectory();
  PeerDirectory(const PeerDirectory&) = delete;
  PeerDirectory& operator=(const PeerDirectory&) = delete;

  /// Renames the results of an earlier run to *.previous. Throws DirectoryUnusable if it cannot.
  void set_aside() const;

  std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }
  std::filesystem::path result() const { return path_ / "result.json"; }
  std::filesystem::path model() const { return path_ / "model.safetensors"; }

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace parley::daemon
