// onebit with block = column: one bit a coordinate and two values for each column of a matrix, as the paper has them.
//
//   payload := tensor*
//   tensor  := n x plus:f32, n x minus:f32, m x row    of the columns of an m x n matrix (see coding/matrices.h)
//            | block                                   a matrix of a single row, or a tensor of one axis, is one
//            column:
//                                                      see coding/two_means.h
//   row     := ceil(n/8) x u8                          bit j, least significant first, is 1 for x_ij < 0; pad bits, and
//                                                      the bits of columns of which both values are 0, are zero
//
// Sums are taken from the first row to the last.
#include "compression/onebit_columns.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "compression/coding/matrices.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/coding/two_means.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/signs.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

struct ColumnState final : State {
  std::vector<double> positive, negative;  // sums of the columns by sign
  std::vector<std::uint32_t> negatives;    // how many
  std::vector<float> plus, minus;          // what is added for either bit
  std::vector<std::byte> live;             // bits of the columns that have a value

  void resize(std::size_t n) {
    positive.assign(n, 0.0);
    negative.assign(n, 0.0);
    negatives.assign(n, 0u);
    plus.resize(n);
    minus.resize(n);
    live.assign((n + 7) / 8, std::byte{0});
  }
};

bool is_one_column(const Matrix& matrix) {
  return matrix.m == 1 || matrix.n == 1;
}

std::size_t row_size(const Matrix& matrix) {
  return (matrix.n + 7) / 8;
}

std::size_t size_of(const Matrix& matrix) {
  if (is_one_column(matrix)) return two_means_size(matrix.m * matrix.n);
  return 2 * sizeof(float) * matrix.n + matrix.m * row_size(matrix);
}

class OnebitColumns final : public Compressor {
 public:
  OnebitColumns(std::string spec, const base::ParameterLayout& layout) : spec_(std::move(spec)), matrices_(layout) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return onebit_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<ColumnState>(); }

  std::size_t max_payload_size(std::size_t d) const override {
    std::size_t size = 0;
    matrices_.for_each(d, [&](const Matrix& matrix) { size += size_of(matrix); });
    return size;
  }

  Properties properties(std::size_t d) const override {
    std::size_t longest = 1;
    if (d > 0) {
      matrices_.for_each(d, [&](const Matrix& matrix) {
        longest = std::max(longest, is_one_column(matrix) ? matrix.m * matrix.n : matrix.m);
      });
    }
    return {.unbiased = longest == 1,
            .delta = 1 / static_cast<double>(longest),
            .bits_per_coordinate = d == 0 ? 1 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d),
            .suggested_gamma = 0.4};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State& state,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
    if (!kernels::all_finite(x.data(), x.size())) return not_finite(x);
    auto& own = own_state<ColumnState>(state);
    std::byte* to = out.data();
    matrices_.for_each(x.size(), [&](const Matrix& matrix) {
      const float* from = x.data() + matrix.offset;
      if (is_one_column(matrix)) {
        PARLEY_CHECK(encode_two_means(from, matrix.m * matrix.n, to));
      } else {
        encode_matrix(from, matrix, own, to);
      }
      to += size_of(matrix);
    });
    return static_cast<std::size_t>(to - out.data());
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
    auto& own = own_state<ColumnState>(state);
    base::Result<void> checked;
    std::size_t index = 0;
    const std::byte* from = payload.data();
    matrices_.for_each(y.size(), [&](const Matrix& matrix) {
      if (checked)
        checked = is_one_column(matrix) ? check_two_means(from, matrix.m * matrix.n, index)
                                        : check_matrix(from, matrix, index, own);
      ++index;
      from += size_of(matrix);
    });
    if (!checked) return checked;
    from = payload.data();
    matrices_.for_each(y.size(), [&](const Matrix& matrix) {
      float* to = y.data() + matrix.offset;
      if (is_one_column(matrix)) {
        add_two_means(from, matrix.m * matrix.n, scale, to);
      } else {
        add_matrix(from, matrix, scale, own, to);
      }
      from += size_of(matrix);
    });
    return {};
  }

 private:
  static void encode_matrix(const float* x, const Matrix& matrix, ColumnState& own, std::byte* to);
  static base::Result<void> check_matrix(const std::byte* from, const Matrix& matrix, std::size_t index,
                                         ColumnState& own);
  static void add_matrix(const std::byte* from, const Matrix& matrix, float scale, ColumnState& own, float* y);

  std::string spec_;
  Matrices matrices_;
};

void OnebitColumns::encode_matrix(const float* x, const Matrix& matrix, ColumnState& own, std::byte* to) {
  own.resize(matrix.n);
  for (std::size_t i = 0; i < matrix.m; ++i) {
    const float* row = x + i * matrix.n;
    for (std::size_t j = 0; j < matrix.n; ++j) {
      own.positive[j] += static_cast<double>(std::max(row[j], 0.0f));
      own.negative[j] += static_cast<double>(std::min(row[j], 0.0f));
      own.negatives[j] += row[j] < 0 ? 1u : 0u;
    }
  }
  for (std::size_t j = 0; j < matrix.n; ++j) {
    const float plus = sent_mean(own.positive[j], matrix.m - own.negatives[j]);
    const float minus = sent_mean(own.negative[j], own.negatives[j]);
    store(to + sizeof(float) * j, plus);
    store(to + sizeof(float) * (matrix.n + j), minus);
    if (plus != 0 || minus != 0) own.live[j / 8] |= std::byte{1} << (j % 8);
  }
  to += 2 * sizeof(float) * matrix.n;
  for (std::size_t i = 0; i < matrix.m; ++i, to += row_size(matrix)) {
    kernels::pack_sign_bits(x + i * matrix.n, matrix.n, to);
    std::transform(own.live.begin(), own.live.end(), to, to, std::bit_and<>());
  }
}

base::Result<void> OnebitColumns::check_matrix(const std::byte* from, const Matrix& matrix, std::size_t index,
                                               ColumnState& own) {
  own.resize(matrix.n);
  const std::byte* row = from + 2 * sizeof(float) * matrix.n;
  for (std::size_t i = 0; i < matrix.m; ++i, row += row_size(matrix)) {
    if (matrix.n % 8 != 0 && (row[matrix.n / 8] >> (matrix.n % 8)) != std::byte{0}) return not_canonical("the padding");
    for (std::size_t j = 0; j < matrix.n; ++j)
      own.negatives[j] += std::to_integer<std::uint32_t>((row[j / 8] >> (j % 8)) & std::byte{1});
  }
  for (std::size_t j = 0; j < matrix.n; ++j) {
    const auto plus = load<std::uint32_t>(from + sizeof(float) * j);
    const auto minus = load<std::uint32_t>(from + sizeof(float) * (matrix.n + j));
    if (!is_sent_mean(plus, false) || !is_sent_mean(minus, true)) return wrong_scale(index);
    if (!are_means_of(plus, minus, matrix.m, own.negatives[j])) return wrong_code(index);
  }
  return {};
}

void OnebitColumns::add_matrix(const std::byte* from, const Matrix& matrix, float scale, ColumnState& own, float* y) {
  own.resize(matrix.n);
  for (std::size_t j = 0; j < matrix.n; ++j) {
    own.plus[j] = scale * load<float>(from + sizeof(float) * j);
    own.minus[j] = scale * load<float>(from + sizeof(float) * (matrix.n + j));
  }
  from += 2 * sizeof(float) * matrix.n;
  for (std::size_t i = 0; i < matrix.m; ++i, from += row_size(matrix))
    kernels::add_sign_bits(from, matrix.n, own.plus.data(), own.minus.data(), y + i * matrix.n);
}

}  // namespace

std::unique_ptr<Compressor> make_onebit_columns(std::string spec, const base::ParameterLayout& layout) {
  return std::make_unique<OnebitColumns>(std::move(spec), layout);
}

}  // namespace parley::compression
