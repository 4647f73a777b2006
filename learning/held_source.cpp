// Samples kept in memory, so that the parts of many peers cost one pass over the files.
#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "learning/dataset.h"

namespace parley::learning {
namespace {

template <class T>
std::vector<T> select_dense(const std::vector<T>& values, std::size_t width, const Rows& rows) {
  std::vector<T> selected(rows.size() * width);
  auto to = selected.begin();
  for (std::uint32_t row : rows) {
    to = std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(row * width), width, to);
  }
  return selected;
}

DenseBytes select(const DenseBytes& bytes, std::size_t width, const Rows& rows) {
  return {.values = select_dense(bytes.values, width, rows), .scale = bytes.scale};
}

DenseFloats select(const DenseFloats& floats, std::size_t width, const Rows& rows) {
  return {.values = select_dense(floats.values, width, rows)};
}

SparseRows select(const SparseRows& sparse, std::size_t /*width*/, const Rows& rows) {
  SparseRows selected{.row_start = {0}, .column = {}, .value = {}};
  std::uint64_t entries = 0;
  for (std::uint32_t row : rows)
    selected.row_start.push_back(entries += sparse.row_start[row + 1] - sparse.row_start[row]);
  selected.column.reserve(entries);
  selected.value.reserve(entries);
  for (std::uint32_t row : rows) {
    const auto begin = static_cast<std::ptrdiff_t>(sparse.row_start[row]);
    const auto end = static_cast<std::ptrdiff_t>(sparse.row_start[row + 1]);
    selected.column.insert(selected.column.end(), sparse.column.begin() + begin, sparse.column.begin() + end);
    selected.value.insert(selected.value.end(), sparse.value.begin() + begin, sparse.value.begin() + end);
  }
  return selected;
}

class HeldSource final : public DataSource {
 public:
  explicit HeldSource(std::unique_ptr<DataSource> source) : source_(std::move(source)) {
    Rows all(source_->train_size());
    std::iota(all.begin(), all.end(), std::uint32_t{0});
    train_ = source_->load_train(all);
    test_ = source_->load_test();
  }

  const std::string& spec() const override { return source_->spec(); }
  const Schema& schema() const override { return source_->schema(); }
  std::size_t train_size() const override { return train_.size(); }
  std::size_t test_size() const override { return test_.size(); }
  std::vector<float> train_targets() override { return train_.targets; }

  Dataset load_train(const Rows& rows) override {
    PARLEY_CHECK(rows.empty() || rows.back() < train_size(), rows.size(), train_size());
    return {.features = std::visit(
                [&](const auto& stored) -> decltype(Dataset::features) {
                  return select(stored, train_.feature_count, rows);
                },
                train_.features),
            .targets = select_dense(train_.targets, 1, rows),
            .feature_count = train_.feature_count,
            .classes = train_.classes,
            .sample_shape = train_.sample_shape};
  }
  Dataset load_test() override { return test_; }

 private:
  const std::unique_ptr<DataSource> source_;
  Dataset train_, test_;
};

}  // namespace

std::unique_ptr<DataSource> hold_in_memory(std::unique_ptr<DataSource> source) {
  PARLEY_CHECK(source != nullptr);
  return std::make_unique<HeldSource>(std::move(source));
}

}  // namespace parley::learning
