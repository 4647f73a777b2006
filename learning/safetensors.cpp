#include "learning/safetensors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace parley::learning {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little endian");

constexpr std::size_t kAlignment = 8;
// A tensor takes about 100 bytes of header, so this is some hundred thousand tensors.
constexpr std::uint64_t kLongestHeader = std::uint64_t{16} << 20;
constexpr std::string_view kMetadata = "__metadata__";

[[noreturn]] void fail(const std::filesystem::path& path, std::string message) {
  throw base::OperatorError(base::Place{.file = path.string(), .key = {}}, std::move(message));
}

std::string make_header(const base::ParameterLayout& layout, const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[std::string(kMetadata)] = metadata;
  for (const base::Tensor& tensor : layout.tensors()) {
    PARLEY_CHECK(tensor.name != kMetadata);
    header[tensor.name] = {
        {"dtype", "F32"},
        {"shape", tensor.shape},
        {"data_offsets", {tensor.offset * sizeof(float), (tensor.offset + tensor.size()) * sizeof(float)}}};
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

/// A file beside `path` that takes its name when it is complete, and goes away otherwise.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& path) : path_(path), partial_(path) {
    partial_ += ".partial";
    descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor_ < 0) fail(partial_, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
  ~NewFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!committed_) ::unlink(partial_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ::ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      check(count >= 0);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  void commit() {
    check(::fsync(descriptor_) == 0);
    check(::close(std::exchange(descriptor_, -1)) == 0);
    check(::rename(partial_.c_str(), path_.c_str()) == 0);
    committed_ = true;
    // The new name is safe only when the directory is on the disk too.
    const std::filesystem::path directory = path_.has_parent_path() ? path_.parent_path() : ".";
    const int opened = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return check(false);
    const bool flushed = ::fsync(opened) == 0 || errno == EINVAL;  // EINVAL: a file system that cannot
    ::close(opened);
    check(flushed);
  }

 private:
  void check(bool succeeded) const {
    if (!succeeded) fail(path_, fmt::format("cannot be written: {}", std::strerror(errno)));
  }

  const std::filesystem::path path_;
  std::filesystem::path partial_;
  int descriptor_ = -1;
  bool committed_ = false;
};

/// The header of an opened file, and where the tensors begin.
struct Opened {
  std::ifstream stream;
  nlohmann::json header;
  std::uint64_t data_start = 0;
  std::uint64_t data_size = 0;
};

nlohmann::json parse_header(const std::filesystem::path& path, const std::string& text) {
  std::set<std::string> names;
  std::optional<std::string> repeated;
  const auto see = [&](int depth, nlohmann::json::parse_event_t event, const nlohmann::json& value) {
    const bool is_name = event == nlohmann::json::parse_event_t::key && depth == 1;
    if (is_name && !names.insert(value.get<std::string>()).second) repeated = value.get<std::string>();
    return true;
  };
  nlohmann::json header;
  try {
    header = nlohmann::json::parse(text, see);
  } catch (const nlohmann::json::exception& problem) {
    fail(path, fmt::format("at byte 8: the header is not JSON ({})", problem.what()));
  }
  if (!header.is_object()) fail(path, "at byte 8: the header is not a JSON object");
  if (repeated) fail(path, fmt::format("the header names \"{}\" twice", *repeated));
  return header;
}

Opened open(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) fail(path, "found no such file; needed a safetensors file");
  Opened file{.stream = std::ifstream(path, std::ios::binary), .header = {}};
  const std::uint64_t size = std::filesystem::file_size(path, ignored);
  std::uint64_t length = 0;
  if (!file.stream.read(reinterpret_cast<char*>(&length), sizeof length)) {
    fail(path, fmt::format("found {} bytes; needed at least 8, the length of the header", size));
  }
  if (length > size - sizeof length || length > kLongestHeader) {
    fail(path, fmt::format("at byte 0: found a header length of {}; the file has {} bytes, and at most {} are allowed",
                           length, size, kLongestHeader));
  }
  std::string text(length, '\0');
  if (!file.stream.read(text.data(), static_cast<std::streamsize>(length))) fail(path, "at byte 8: cannot be read");
  file.header = parse_header(path, text);
  file.data_start = sizeof length + length;
  file.data_size = size - file.data_start;
  return file;
}

/// One tensor of the file, checked to be what the layout says.
struct Entry {
  std::uint64_t begin = 0, end = 0;  // bytes, from data_start
  const base::Tensor* tensor = nullptr;
};

Entry check_entry(const std::filesystem::path& path, const Opened& file, const std::string& name,
                  const nlohmann::json& entry, const base::Tensor& tensor) {
  const auto refuse = [&](const std::string& what) { fail(path, fmt::format("tensor \"{}\": {}", name, what)); };
  const auto field = [&](const char* key) -> const nlohmann::json& {
    const auto found = entry.is_object() ? entry.find(key) : entry.end();
    if (!entry.is_object() || found == entry.end()) refuse(fmt::format("found no {} in the header", key));
    return *found;
  };
  if (field("dtype") != "F32") refuse(fmt::format("found dtype {}; needed \"F32\"", field("dtype").dump()));
  if (field("shape") != nlohmann::json(tensor.shape)) {
    refuse(fmt::format("found shape {}; needed {}", field("shape").dump(), nlohmann::json(tensor.shape).dump()));
  }
  const nlohmann::json& offsets = field("data_offsets");
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    refuse(fmt::format("found data_offsets {}; needed [begin, end]", offsets.dump()));
  }
  const Entry range{offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>(), &tensor};
  if (range.begin > range.end || range.end > file.data_size) {
    refuse(fmt::format("found data_offsets [{}, {}]; needed a range within the {} bytes of data", range.begin,
                       range.end, file.data_size));
  }
  const std::uint64_t bytes = std::uint64_t{tensor.size()} * sizeof(float);
  if (range.end - range.begin != bytes) {
    refuse(fmt::format("found {} bytes of data; needed {} for its shape", range.end - range.begin, bytes));
  }
  return range;
}

/// The tensors in the order of the file. They must be those of the layout and fill the file without gap or overlap.
std::vector<Entry> check_header(const std::filesystem::path& path, const Opened& file,
                                const base::ParameterLayout& layout) {
  std::vector<Entry> entries;
  for (const base::Tensor& tensor : layout.tensors()) {
    const auto found = file.header.find(tensor.name);
    if (found == file.header.end()) {
      fail(path, fmt::format("found no tensor \"{}\" of shape [{}], which the model has", tensor.name,
                             fmt::join(tensor.shape, ", ")));
    }
    entries.push_back(check_entry(path, file, tensor.name, *found, tensor));
  }
  for (const auto& [name, entry] : file.header.items()) {
    const auto same = [&, &key = name](const base::Tensor& tensor) { return tensor.name == key; };
    const bool known = name == kMetadata || std::any_of(layout.tensors().begin(), layout.tensors().end(), same);
    if (!known) fail(path, fmt::format("found a tensor \"{}\", which the model does not have", name));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
  std::uint64_t next = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != next) {
      fail(path, fmt::format("tensor \"{}\": its data begin at {}; needed {}, where those before it end",
                             entry.tensor->name, entry.begin, next));
    }
    next = entry.end;
  }
  if (next != file.data_size) {
    fail(path, fmt::format("found {} bytes of data; needed {}, where the last tensor ends", file.data_size, next));
  }
  return entries;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const base::ParameterLayout& layout, std::span<const float> x,
                       const std::map<std::string, std::string>& metadata) {
  PARLEY_CHECK(x.size() == layout.size(), x.size(), layout.size());
  const std::string header = make_header(layout, metadata);
  const std::uint64_t length = header.size();
  NewFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(std::as_bytes(std::span(header)));
  file.write(std::as_bytes(x));
  file.commit();
}

void read_safetensors(const std::filesystem::path& path, const base::ParameterLayout& layout, std::span<float> x) {
  PARLEY_CHECK(x.size() == layout.size(), x.size(), layout.size());
  Opened file = open(path);
  for (const Entry& entry : check_header(path, file, layout)) {
    const std::span<float> values = x.subspan(entry.tensor->offset, entry.tensor->size());
    const auto bytes = static_cast<std::streamsize>(values.size_bytes());
    if (!file.stream.read(reinterpret_cast<char*>(values.data()), bytes)) {
      fail(path, fmt::format("tensor \"{}\": its data cannot be read", entry.tensor->name));
    }
    const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
    if (bad != values.end()) {
      fail(path, fmt::format("tensor \"{}\": element {} is {}; needed finite numbers", entry.tensor->name,
                             bad - values.begin(), *bad));
    }
  }
}

}  // namespace parley::learning
