#include "scratch_files.h"

#include <lzma.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace parley::learning {

ScratchDirectory::ScratchDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "parley_test_XXXXXX").string();
  PARLEY_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void ScratchDirectory::write(const std::string& name, const std::string& bytes) const {
  const std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary);
  stream << bytes;
  stream.close();
  PARLEY_CHECK(stream.good(), name);
}

std::string ScratchDirectory::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
  return text.str();
}

std::string gzip(const std::string& bytes) {
  z_stream zlib{};
  PARLEY_CHECK(::deflateInit2(&zlib, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(::deflateBound(&zlib, bytes.size()), '\0');
  std::string input = bytes;
  zlib.next_in = reinterpret_cast<Bytef*>(input.data());
  zlib.avail_in = static_cast<uInt>(input.size());
  zlib.next_out = reinterpret_cast<Bytef*>(packed.data());
  zlib.avail_out = static_cast<uInt>(packed.size());
  PARLEY_CHECK(::deflate(&zlib, Z_FINISH) == Z_STREAM_END);
  packed.resize(zlib.total_out);
  ::deflateEnd(&zlib);
  return packed;
}

std::string xz(const std::string& bytes) {
  std::string packed(::lzma_stream_buffer_bound(bytes.size()), '\0');
  std::size_t size = 0;
  PARLEY_CHECK(::lzma_easy_buffer_encode(
                   6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                   reinterpret_cast<std::uint8_t*>(packed.data()), &size, packed.size()) == LZMA_OK);
  packed.resize(size);
  return packed;
}

std::string idx(const std::vector<std::uint32_t>& extents, const std::vector<std::uint8_t>& bytes) {
  std::string file = {0, 0, 8, static_cast<char>(extents.size())};
  for (std::uint32_t extent : extents) {
    for (int shift : {24, 16, 8, 0}) file += static_cast<char>(extent >> shift & 0xff);
  }
  return file + std::string(bytes.begin(), bytes.end());
}

std::string npy_with_header(const std::string& dictionary, const std::string& elements, int version) {
  std::string header = dictionary;
  const std::size_t before = version == 1 ? 10 : 12;
  while ((before + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (int shift = 0; shift < (version == 1 ? 16 : 32); shift += 8) {
    file += static_cast<char>(header.size() >> shift & 0xff);
  }
  return file + header + elements;
}

}  // namespace parley::learning
