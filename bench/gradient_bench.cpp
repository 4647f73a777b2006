// How long one gradient takes, beside the matrix products that it cannot do without, and how fast these products are
// beside those of OpenBLAS and Eigen.
//
// Good would be: a gradient of an MLP within 1.15 times its products, of the convolutional net within 2 (the rest there
// is moving pixels), and products at least as fast as the best of the others. OpenBLAS is only at its best when it
// knows the CPU; its choice is printed, and OPENBLAS_CORETYPE (such as Haswell or SkylakeX) overrides it.
#include <cblas.h>
#include <fmt/format.h>
#include <time.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "learning/kernels/gemm.h"
#include "learning/model.h"

namespace parley::learning {
namespace {

using Values = std::vector<float>;
constexpr std::size_t kBatch = 32;

Values random_values(std::size_t count, std::uint64_t seed) {
  base::Random random({.seed = seed, .peer = {}, .round = {}, .stream = base::Stream::test});
  Values values(count);
  for (float& value : values) value = random.uniform() - 0.5f;
  return values;
}

struct Timing {
  double median = 0, low = 0, high = 0;  ///< microseconds; low and high are quartiles
};

/// Processor time of this thread in microseconds: what else the machine does then counts only through the caches.
double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) * 1e-3;
}

Timing time(const std::function<void()>& work) {
  constexpr std::size_t kFewest = 21, kMost = 4000;
  constexpr double kLongest = 3e5;
  std::vector<double> times;
  work();
  for (const double start = now(); times.size() < kFewest || (times.size() < kMost && now() - start < kLongest);) {
    const double before = now();
    work();
    times.push_back(now() - before);
  }
  std::ranges::sort(times);
  return {times[times.size() / 2], times[times.size() / 4], times[3 * times.size() / 4]};
}

/// One product of a gradient, `count` times: C (rows x columns) from `depth` summands.
struct Product {
  enum class Kind { plain, left, right } kind;  ///< A B, A^T B, A B^T
  std::size_t rows, columns, depth, count = 1;
};

struct Operands {
  explicit Operands(const Product& p)
      : product(p),
        a(random_values(p.rows * p.depth, 1)),
        b(random_values(p.columns * p.depth, 2)),
        c(p.rows * p.columns) {}

  ConstMatrix left() const {
    return product.kind == Product::Kind::left ? ConstMatrix(a.data(), product.depth, product.rows)
                                               : ConstMatrix(a.data(), product.rows, product.depth);
  }
  ConstMatrix right() const {
    return product.kind == Product::Kind::right ? ConstMatrix(b.data(), product.columns, product.depth)
                                                : ConstMatrix(b.data(), product.depth, product.columns);
  }

  Product product;
  Values a, b, c;
};

void by_parley(Operands& o) {
  const Matrix c(o.c.data(), o.product.rows, o.product.columns);
  switch (o.product.kind) {
    case Product::Kind::plain:
      return multiply(o.left(), o.right(), Write::set, c);
    case Product::Kind::left:
      return multiply_transposed_left(o.left(), o.right(), Write::set, c);
    case Product::Kind::right:
      return multiply_transposed_right(o.left(), o.right(), Write::set, c);
  }
}

void by_openblas(Operands& o) {
  const auto size = [](std::size_t n) { return static_cast<blasint>(n); };
  cblas_sgemm(CblasRowMajor, o.product.kind == Product::Kind::left ? CblasTrans : CblasNoTrans,
              o.product.kind == Product::Kind::right ? CblasTrans : CblasNoTrans, size(o.product.rows),
              size(o.product.columns), size(o.product.depth), 1, o.a.data(), size(o.left().stride), o.b.data(),
              size(o.right().stride), 0, o.c.data(), size(o.product.columns));
}

void by_eigen(Operands& o) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto map = [](const ConstMatrix& m) {
    return Eigen::Map<const RowMajor>(m.data, static_cast<Eigen::Index>(m.rows), static_cast<Eigen::Index>(m.columns));
  };
  const auto a = map(o.left()), b = map(o.right());
  Eigen::Map<RowMajor> c(o.c.data(), static_cast<Eigen::Index>(o.product.rows),
                         static_cast<Eigen::Index>(o.product.columns));
  switch (o.product.kind) {
    case Product::Kind::plain:
      c.noalias() = a * b;
      return;
    case Product::Kind::left:
      c.noalias() = a.transpose() * b;
      return;
    case Product::Kind::right:
      c.noalias() = a * b.transpose();
      return;
  }
}

struct ProductTimes {
  double parley = 0, openblas = 0, eigen = 0;  ///< microseconds
};

ProductTimes time_product(const Product& product) {
  Operands o(product);
  const auto count = static_cast<double>(product.count);
  ProductTimes times;
  times.parley = count * time([&] { by_parley(o); }).median;
  const Values ours = o.c;
  // Summands are at most 1/4, so sums in another order differ by less than this.
  const double allowed = 0.25 * static_cast<double>(product.depth) * static_cast<double>(product.depth) * 0x1p-24;
  const auto verify = [&](const char* who) {
    for (std::size_t i = 0; i < ours.size(); ++i)
      PARLEY_CHECK(std::abs(static_cast<double>(ours[i] - o.c[i])) <= allowed, who, i, ours[i], o.c[i]);
  };
  times.openblas = count * time([&] { by_openblas(o); }).median;
  verify("OpenBLAS");
  times.eigen = count * time([&] { by_eigen(o); }).median;
  verify("Eigen");
  return times;
}

/// The products of fully connected layers of these widths, input first; none for the gradient with respect to the input
/// unless something in front needs it.
std::vector<Product> dense_products(const std::vector<std::size_t>& widths, bool input_gradient) {
  std::vector<Product> products;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    products.push_back({Product::Kind::right, kBatch, widths[l + 1], widths[l]});
    products.push_back({Product::Kind::left, widths[l + 1], widths[l], kBatch});
    if (l > 0 || input_gradient) products.push_back({Product::Kind::plain, kBatch, widths[l], widths[l + 1]});
  }
  return products;
}

std::vector<Product> lenet_products() {
  std::vector<Product> products = dense_products({400, 120, 84, 10}, true);
  const std::vector<Product> of_images = {
      {Product::Kind::plain, 6, 784, 25, kBatch},   {Product::Kind::right, 6, 25, 784, kBatch},
      {Product::Kind::plain, 16, 100, 150, kBatch}, {Product::Kind::right, 16, 150, 100, kBatch},
      {Product::Kind::left, 150, 100, 16, kBatch},
  };
  products.insert(products.end(), of_images.begin(), of_images.end());
  return products;
}

/// The gradient of a batch must be the sum of those of its halves.
void verify_gradient(const Model& model, const Values& x, const Batch& batch, Workspace& workspace, const Values& g) {
  const std::size_t half = batch.rows / 2, f = batch.features.size() / batch.rows;
  const Batch first{batch.features.first(half * f), batch.targets.first(half), half};
  const Batch second{batch.features.subspan(half * f), batch.targets.subspan(half), batch.rows - half};
  Values sum(g.size());
  const float weight = 1.0f / static_cast<float>(batch.rows);
  model.gradient(x, first, weight, Write::set, workspace, sum);
  model.gradient(x, second, weight, Write::add, workspace, sum);
  for (std::size_t i = 0; i < g.size(); ++i) PARLEY_CHECK(std::abs(g[i] - sum[i]) < 1e-5f, i, g[i], sum[i]);
}

void run(const char* name, const char* spec, const std::vector<Product>& products) {
  const auto model = make_model(spec, {.features = 784, .classes = 10, .sample_shape = {1, 28, 28}});
  const auto workspace = model->make_workspace(kBatch);
  Values x(model->layout().size()), g(x.size()), targets(kBatch);
  const Values features = random_values(kBatch * 784, 3);
  model->initialize({.seed = 1, .peer = {}, .round = {}, .stream = base::Stream::test}, x);
  for (std::size_t i = 0; i < kBatch; ++i) targets[i] = static_cast<float>(i % 10);
  const Batch batch{features, targets, kBatch};
  const Timing gradient = time([&] { model->gradient(x, batch, 1.0f / kBatch, Write::set, *workspace, g); });
  verify_gradient(*model, x, batch, *workspace, g);

  ProductTimes sum;
  double operations = 0;
  for (const Product& product : products) {
    const ProductTimes times = time_product(product);
    sum.parley += times.parley;
    sum.openblas += times.openblas;
    sum.eigen += times.eigen;
    operations += 2.0 * static_cast<double>(product.rows * product.columns * product.depth * product.count);
  }
  fmt::print("{:<19} {:>9} {:>9.1f} {:>8.1f}-{:<8.1f} {:>9.1f} {:>6.2f} {:>9.1f} {:>10.1f} {:>9.1f}\n", name, g.size(),
             gradient.median, gradient.low, gradient.high, sum.parley, gradient.median / sum.parley,
             operations / sum.parley * 1e-3, sum.openblas, sum.eigen);
}

}  // namespace
}  // namespace parley::learning

int main() {
  using namespace parley::learning;
  openblas_set_num_threads(1);
  fmt::print("batch 32, one thread, microseconds; OpenBLAS uses its kernels for {}\n", openblas_get_corename());
  fmt::print("{:<19} {:>9} {:>9} {:>17} {:>9} {:>6} {:>9} {:>10} {:>9}\n", "model", "d", "gradient", "quartiles",
             "products", "ratio", "GFLOP/s", "(OpenBLAS)", "(Eigen)");
  run("softmax 784-10", "softmax", dense_products({784, 10}, false));
  run("mlp 784-128-10", "mlp(hidden=128)", dense_products({784, 128, 10}, false));
  run("mlp 784-256-10", "mlp(hidden=256)", dense_products({784, 256, 10}, false));
  run("mlp 784-256-10 tanh", "mlp(hidden=256, activation=tanh)", dense_products({784, 256, 10}, false));
  run("mlp 784-1024-1024-10", "mlp(hidden=1024-1024)", dense_products({784, 1024, 1024, 10}, false));
  run("lenet", "lenet", lenet_products());
  return 0;
}
