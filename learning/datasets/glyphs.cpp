// Handwritten digits made from a seed: strokes, bent and slanted at random, drawn with pens of different widths.
//
// Sample i is a function of (seed, training or test, i) alone, so that a peer draws its own samples only; and of
// additions, multiplications, divisions and square roots alone, so that all machines draw the same bits.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "learning/datasets/glyph_raster.h"
#include "learning/datasets/glyph_strokes.h"
#include "learning/datasets/rows.h"

namespace parley::learning {
namespace {

constexpr std::size_t kDigits = 10;
constexpr std::size_t kMostPoints = 12;  // of a stroke

/// Uniform on [low, high).
float between(base::Random& random, float low, float high) {
  return low + (high - low) * random.uniform();
}

/// Mean 0, standard deviation 1, within +-2 sqrt(3): the sum of four uniform numbers. A normal variate would need a
/// logarithm.
float bell(base::Random& random) {
  float sum = 0;
  for (int i = 0; i < 4; ++i) sum += random.uniform();
  return (sum - 2.0f) * 1.7320508f;
}

/// A smooth random displacement of the plane around [-1, 1]^2: random vectors on a 4 x 4 grid, between which a
/// quadratic B-spline in each direction blends.
class Warp {
 public:
  Warp(float strength, base::Random& random) {
    for (auto& row : grid_) {
      for (Point& node : row) node = {strength * bell(random), strength * bell(random)};
    }
  }

  Point operator()(Point p) const {
    const Blend bx = blend(p.x), by = blend(p.y);
    Point moved = p;
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        const Point& node = grid_[by.first + i][bx.first + j];
        moved.x += by.weight[i] * bx.weight[j] * node.x;
        moved.y += by.weight[i] * bx.weight[j] * node.y;
      }
    }
    return moved;
  }

 private:
  struct Blend {
    std::size_t first = 0;
    std::array<float, 3> weight{};
  };
  static Blend blend(float at) {
    const float cell = std::clamp(at + 1.0f, 0.0f, 2.0f);  // [-1, 1] is two cells
    const float first = cell < 1.0f ? 0.0f : 1.0f;
    const float t = cell - first;
    return {static_cast<std::size_t>(first), {0.5f * (1 - t) * (1 - t), 0.5f + t * (1 - t), 0.5f * t * t}};
  }

  std::array<std::array<Point, 4>, 4> grid_{};
};

/// x -> A x + b, from the unit square of the strokes to pixels.
class Placement {
 public:
  explicit Placement(base::Random& random) {
    // A rotation by the angle whose half has the tangent t needs no sine.
    const float t = 0.10f * bell(random);
    const float cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
    const float slant = 0.22f * bell(random);
    const float height = between(random, 7.0f, 10.5f);
    const float width = height * between(random, 0.5f, 0.95f);
    xx_ = cosine * width;
    xy_ = (cosine * slant - sine) * height;
    yx_ = sine * width;
    yy_ = (sine * slant + cosine) * height;
    centre_ = {14.0f + 1.2f * bell(random), 14.0f + 1.2f * bell(random)};
  }
  Point operator()(Point p) const { return {centre_.x + xx_ * p.x + xy_ * p.y, centre_.y + yx_ * p.x + yy_ * p.y}; }

 private:
  float xx_ = 0, xy_ = 0, yx_ = 0, yy_ = 0;
  Point centre_;
};

Point middle(Point a, Point b) {
  return {0.5f * (a.x + b.x), 0.5f * (a.y + b.y)};
}

/// Calls line(a, b) for straight pieces that follow the stroke.
template <class Line>
void flatten(bool curved, std::span<const Point> points, const Line& line) {
  constexpr int kPieces = 5;
  if (!curved) {
    // Also in pieces, because the warp bends them.
    for (std::size_t i = 1; i < points.size(); ++i) {
      const Point a = points[i - 1], b = points[i];
      for (int piece = 0; piece < kPieces; ++piece) {
        const float t = static_cast<float>(piece) / kPieces, u = static_cast<float>(piece + 1) / kPieces;
        line(Point{a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)}, Point{a.x + u * (b.x - a.x), a.y + u * (b.y - a.y)});
      }
    }
    return;
  }
  Point start = points.front();
  for (std::size_t i = 1; i + 1 < points.size(); ++i) {
    const Point control = points[i];
    const Point end = i + 2 == points.size() ? points[i + 1] : middle(points[i], points[i + 1]);
    Point last = start;
    for (int piece = 1; piece <= kPieces; ++piece) {
      const float t = static_cast<float>(piece) / kPieces;
      const float a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
      const Point next = {a * start.x + b * control.x + c * end.x, a * start.y + b * control.y + c * end.y};
      line(last, next);
      last = next;
    }
    start = end;
  }
}

void draw_glyph(unsigned digit, base::Random& random, std::span<std::uint8_t, kGlyphPixels> image) {
  const std::span<const Style> styles = glyph_styles(digit);
  const Style style = styles[random.below(static_cast<std::uint32_t>(styles.size()))];
  const Warp warp(0.18f, random);
  const Placement place(random);
  GlyphRaster raster(between(random, 0.7f, 1.7f));
  for (const Stroke& stroke : style) {
    std::array<Point, kMostPoints> points;
    for (std::size_t i = 0; i < stroke.points.size(); ++i) {
      constexpr float kUnsteady = 0.09f;
      points[i] = {stroke.points[i].x + kUnsteady * bell(random), stroke.points[i].y + kUnsteady * bell(random)};
    }
    flatten(stroke.curved, std::span(points).first(stroke.points.size()),
            [&](Point a, Point b) { raster.draw(place(warp(a)), place(warp(b))); });
  }
  std::array<float, kGlyphPixels> coverage;
  raster.coverage(coverage);
  const float ink = between(random, 140.0f, 255.0f);
  const float noise = between(random, 0.0f, 80.0f) / 256.0f;
  for (std::size_t i = 0; i < kGlyphPixels; i += 4) {
    std::uint32_t bits = random.bits();
    for (std::size_t j = i; j < i + 4; ++j, bits >>= 8) {
      const float value = ink * coverage[j] + noise * (static_cast<float>(bits & 0xff) - 127.5f);
      image[j] = static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f) + 0.5f);
    }
  }
}

/// Which digit sample i shows: every ten samples in a row are the ten digits in random order.
unsigned digit_of(std::uint64_t seed, base::Stream stream, std::size_t i) {
  std::array<std::uint32_t, kDigits> order{};
  for (std::uint32_t digit = 0; digit < kDigits; ++digit) order[digit] = digit;
  constexpr base::PeerId kOrder{1};  // images use peer 0
  base::Random random({.seed = seed, .peer = kOrder, .round = {i / kDigits}, .stream = stream});
  random.shuffle(std::span<std::uint32_t>(order));
  return order[i % kDigits];
}

class GlyphSource final : public DataSource {
 public:
  GlyphSource(const base::Arguments& arguments, std::uint64_t seed)
      : spec_(arguments.canonical()),
        train_(static_cast<std::size_t>(arguments.integer("train"))),
        test_(static_cast<std::size_t>(arguments.integer("test"))),
        seed_(arguments.is("seed", "auto") ? seed : static_cast<std::uint64_t>(arguments.integer("seed"))) {
    schema_.feature_count = kGlyphPixels;
    schema_.sample_shape = {1, kGlyphSide, kGlyphSide};
    for (std::size_t digit = 0; digit < kDigits; ++digit) schema_.class_names.push_back(fmt::format("{}", digit));
  }

  const std::string& spec() const override { return spec_; }
  const Schema& schema() const override { return schema_; }
  std::size_t train_size() const override { return train_; }
  std::size_t test_size() const override { return test_; }

  std::vector<float> train_targets() override {
    std::vector<float> targets(train_);
    for (std::size_t i = 0; i < train_; ++i)
      targets[i] = static_cast<float>(digit_of(seed_, base::Stream::glyphs_train, i));
    return targets;
  }

  Dataset load_train(const Rows& rows) override {
    PARLEY_CHECK(rows.empty() || rows.back() < train_, rows.size(), train_);
    return draw(base::Stream::glyphs_train, rows.size(), [&](std::size_t i) { return std::size_t{rows[i]}; });
  }
  Dataset load_test() override {
    return draw(base::Stream::glyphs_test, test_, [](std::size_t i) { return i; });
  }

 private:
  template <class RowOf>
  Dataset draw(base::Stream stream, std::size_t count, const RowOf& row_of) const {
    DenseBytes images;
    images.values.resize(count * kGlyphPixels);
    Dataset dataset;
    dataset.targets.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = row_of(i);
      const unsigned digit = digit_of(seed_, stream, row);
      base::Random random({.seed = seed_, .peer = {}, .round = {row}, .stream = stream});
      draw_glyph(digit, random,
                 std::span<std::uint8_t, kGlyphPixels>(images.values.data() + i * kGlyphPixels, kGlyphPixels));
      dataset.targets[i] = static_cast<float>(digit);
    }
    dataset.features = std::move(images);
    dataset.feature_count = schema_.feature_count;
    dataset.classes = classes();
    dataset.sample_shape = schema_.sample_shape;
    return dataset;
  }

  const std::string spec_;
  const std::size_t train_, test_;
  const std::uint64_t seed_;
  Schema schema_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "train",
     .kind = base::ParameterKind::integer,
     .fallback = "60000",
     .low = 1,
     .high = 4e9,
     .help = "training samples"},
    {.name = "test",
     .kind = base::ParameterKind::integer,
     .fallback = "10000",
     .low = 0,
     .high = 4e9,
     .help = "test samples"},
    {.name = "seed",
     .kind = base::ParameterKind::integer,
     .fallback = "auto",
     .low = 0,
     .high = 9e15,
     .choices = "auto",
     .help = "auto: the seed of the swarm"},
};

std::unique_ptr<DataSource> open(const base::Arguments& arguments, const std::string& /*directory*/,
                                 std::uint64_t seed) {
  return std::make_unique<GlyphSource>(arguments, seed);
}

}  // namespace

constinit const DatasetRow kGlyphsRow = {
    .name = "glyphs",
    .summary = "28x28 images of digits, made from the seed; needs no files",
    .parameters = kParameters,
    .open = open,
};

}  // namespace parley::learning
