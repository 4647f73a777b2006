// Files that a test writes, in the formats that the readers read, by code of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace parley::learning {

/// A new directory, removed with everything in it at the end.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  /// Writes a file, making the folders in its name.
  void write(const std::string& name, const std::string& bytes) const;
  std::string read(const std::string& name) const;
  std::string path() const { return path_.string(); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string gzip(const std::string& bytes);
std::string xz(const std::string& bytes);

/// An IDX file of unsigned bytes.
std::string idx(const std::vector<std::uint32_t>& extents, const std::vector<std::uint8_t>& bytes);

/// An NPY file with that header, whatever it says, and these elements.
std::string npy_with_header(const std::string& dictionary, const std::string& elements, int version = 1);

template <class T>
std::string npy(const std::string& descr, const std::string& shape, const std::vector<T>& values, int version = 1) {
  std::string elements(values.size() * sizeof(T), '\0');
  std::memcpy(elements.data(), values.data(), elements.size());
  return npy_with_header("{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }", elements,
                         version);
}

/// What the OperatorError says that `action` throws; a failure of the test if it throws none.
template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

}  // namespace parley::learning
