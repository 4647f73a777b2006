#include "learning/datasets/idx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "learning/datasets/input_file.h"
#include "learning/datasets/rows.h"

namespace parley::learning {
namespace {

// Bytes are read in pieces of this size, so that what memory is used follows what is really in the file.
constexpr std::size_t kPiece = std::size_t{1} << 20;

/// Reads the header: the extents, of which the first is the number of samples.
std::vector<std::size_t> read_header(InputFile& file, std::size_t fewest_axes, std::size_t most_axes) {
  constexpr unsigned char kUnsignedBytes = 0x08;
  std::array<unsigned char, 4> magic{};
  file.read_exactly(std::as_writable_bytes(std::span(magic)), "the IDX header");
  if (magic[0] != 0 || magic[1] != 0) {
    file.fail_at(0, fmt::format("found {:02x} {:02x}; needed 00 00, the start of an IDX file", magic[0], magic[1]));
  }
  if (magic[2] != kUnsignedBytes) {
    file.fail_at(2, fmt::format("found element type {:#04x}; needed 0x08, unsigned bytes", magic[2]));
  }
  if (magic[3] < fewest_axes || magic[3] > most_axes) {
    file.fail_at(3, fmt::format("found {} axes; needed {}{}", magic[3], fewest_axes,
                                most_axes > fewest_axes ? fmt::format(" to {}", most_axes) : ""));
  }
  std::vector<std::size_t> extents(magic[3]);
  for (std::size_t& extent : extents) {
    std::array<unsigned char, 4> big_endian{};
    file.read_exactly(std::as_writable_bytes(std::span(big_endian)), "the IDX header");
    for (unsigned char byte : big_endian) extent = extent << 8 | byte;
    if (extent == 0) file.fail_at(file.offset() - 4, "found an extent of 0; needed at least 1");
  }
  return extents;
}

std::vector<std::uint8_t> read_labels(const std::filesystem::path& path) {
  InputFile file(path);
  const std::size_t count = read_header(file, 1, 1)[0];
  if (count > file.most_bytes())
    file.fail_at(4,
                 fmt::format("the header promises {} labels, more than the file can hold; copy the file again", count));
  std::vector<std::uint8_t> labels;
  while (labels.size() < count) {
    const std::size_t start = labels.size();
    labels.resize(std::min(count, start + kPiece));
    file.read_exactly(std::as_writable_bytes(std::span(labels).subspan(start)), "the labels");
  }
  file.expect_end("the last label");
  return labels;
}

/// The extents of the images: count, then the shape of one. Checked against each other, the file and the labels.
std::vector<std::size_t> check_images(InputFile& file, std::size_t labels, const std::filesystem::path& labels_file) {
  const std::vector<std::size_t> extents = read_header(file, 2, 4);
  if (extents[0] != labels) {
    file.fail_at(4, fmt::format("found {} images; needed {}, one for each label in {}", extents[0], labels,
                                labels_file.string()));
  }
  std::size_t f = 1;
  for (std::size_t axis = 1; axis < extents.size(); ++axis) {
    if (extents[axis] > kMostFeatures / f)
      file.fail_at(8, fmt::format("an image has more than {} values", kMostFeatures));
    f *= extents[axis];
  }
  if (f > file.most_bytes() / extents[0]) {
    file.fail_at(
        4, fmt::format("the header promises {} images of {} bytes, more than the file can hold; copy the file again",
                       extents[0], f));
  }
  return extents;
}

std::vector<std::size_t> shape_of_image(const std::vector<std::size_t>& extents) {
  std::vector<std::size_t> shape(extents.begin() + 1, extents.end());
  if (shape.size() == 2) shape.insert(shape.begin(), 1);  // one channel
  return shape;
}

class IdxSource final : public DataSource {
 public:
  IdxSource(std::string spec, IdxPair train, std::optional<IdxPair> test)
      : spec_(std::move(spec)),
        train_(std::move(train)),
        test_(std::move(test)),
        train_labels_(read_labels(train_.labels)) {
    if (test_) test_labels_ = read_labels(test_->labels);
    InputFile train_images(train_.images);
    schema_.sample_shape = shape_of_image(check_images(train_images, train_labels_.size(), train_.labels));
    schema_.feature_count = 1;
    for (std::size_t extent : schema_.sample_shape) schema_.feature_count *= extent;
    if (test_) open_images(*test_, test_labels_.size());
    std::uint8_t largest = *std::max_element(train_labels_.begin(), train_labels_.end());
    if (test_) largest = std::max(largest, *std::max_element(test_labels_.begin(), test_labels_.end()));
    for (unsigned label = 0; label <= largest; ++label) schema_.class_names.push_back(fmt::format("{}", label));
  }

  const std::string& spec() const override { return spec_; }
  const Schema& schema() const override { return schema_; }
  std::size_t train_size() const override { return train_labels_.size(); }
  std::size_t test_size() const override { return test_labels_.size(); }
  std::vector<float> train_targets() override { return {train_labels_.begin(), train_labels_.end()}; }

  Dataset load_train(const Rows& rows) override {
    PARLEY_CHECK(rows.empty() || rows.back() < train_size(), rows.size(), train_size());
    Dataset dataset = make_dataset();
    for (std::uint32_t row : rows) dataset.targets.push_back(train_labels_[row]);
    dataset.features = read_images(train_, train_labels_.size(), rows);
    return dataset;
  }

  Dataset load_test() override {
    Dataset dataset = make_dataset();
    if (!test_) return dataset;
    dataset.targets.assign(test_labels_.begin(), test_labels_.end());
    Rows all(test_labels_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
    dataset.features = read_images(*test_, test_labels_.size(), all);
    return dataset;
  }

 private:
  Dataset make_dataset() const {
    Dataset dataset;
    dataset.feature_count = schema_.feature_count;
    dataset.classes = classes();
    dataset.sample_shape = schema_.sample_shape;
    return dataset;
  }

  /// Opens the images at the first one, checking that they have the shape of the training images.
  std::unique_ptr<InputFile> open_images(const IdxPair& pair, std::size_t labels) const {
    auto file = std::make_unique<InputFile>(pair.images);
    const auto shape = shape_of_image(check_images(*file, labels, pair.labels));
    if (shape != schema_.sample_shape) {
      file->fail_at(8, fmt::format("found images of shape {}; needed {}, as in {}", fmt::join(shape, "x"),
                                   fmt::join(schema_.sample_shape, "x"), train_.images.string()));
    }
    return file;
  }

  DenseBytes read_images(const IdxPair& pair, std::size_t labels, const Rows& rows) const {
    const auto file = open_images(pair, labels);
    const std::size_t f = schema_.feature_count;
    DenseBytes bytes;
    bytes.values.reserve(rows.size() * f);
    std::size_t next = 0;
    for (std::uint32_t row : rows) {
      PARLEY_CHECK(row >= next, row, next);
      file->skip(std::uint64_t{row - next} * f, "the images");
      bytes.values.resize(bytes.values.size() + f);
      file->read_exactly(std::as_writable_bytes(std::span(bytes.values).last(f)), "the images");
      next = row + 1;
    }
    if (next == labels) file->expect_end("the last image");
    return bytes;
  }

  const std::string spec_;
  const IdxPair train_;
  const std::optional<IdxPair> test_;
  const std::vector<std::uint8_t> train_labels_;
  std::vector<std::uint8_t> test_labels_;
  Schema schema_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "train_images",
     .kind = base::ParameterKind::word,
     .help = "file of the training images",
     .required = true},
    {.name = "train_labels", .kind = base::ParameterKind::word, .help = "file of their labels", .required = true},
    {.name = "test_images", .kind = base::ParameterKind::word, .help = "file of the test images"},
    {.name = "test_labels", .kind = base::ParameterKind::word, .help = "file of their labels"},
};

std::unique_ptr<DataSource> open(const base::Arguments& arguments, const std::string& directory,
                                 std::uint64_t /*seed*/) {
  const auto file = [&](std::string_view name) { return find_file(directory, arguments.word(name)); };
  std::optional<IdxPair> test;
  if (arguments.given("test_images") != arguments.given("test_labels")) {
    throw base::OperatorError(
        fmt::format("in \"{}\": test_images and test_labels need each other", arguments.canonical()));
  }
  if (arguments.given("test_images")) test = IdxPair{file("test_images"), file("test_labels")};
  return open_idx(arguments.canonical(), {file("train_images"), file("train_labels")}, std::move(test));
}

}  // namespace

std::unique_ptr<DataSource> open_idx(std::string spec, IdxPair train, std::optional<IdxPair> test) {
  return std::make_unique<IdxSource>(std::move(spec), std::move(train), std::move(test));
}

constinit const DatasetRow kIdxRow = {
    .name = "idx",
    .summary = "images of bytes and their labels in IDX files",
    .parameters = kParameters,
    .open = open,
};

}  // namespace parley::learning
