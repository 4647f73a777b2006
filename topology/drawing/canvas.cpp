#include "topology/drawing/canvas.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace parley::topology {
namespace {

constexpr double kLargestRadius = 13, kSmallestRadius = 1.5;
constexpr double kSpacing = 3.2;  // radii between the middles of the nearest nodes
constexpr double kShortestSide = 120;
constexpr double kMostStretched = 3;  // width to height, or the other way round

struct Box {
  double left, top, width, height;
};

Box box_around(std::span<const Point> places) {
  const auto [left, right] =
      std::minmax_element(places.begin(), places.end(), [](auto& a, auto& b) { return a.x < b.x; });
  const auto [top, bottom] =
      std::minmax_element(places.begin(), places.end(), [](auto& a, auto& b) { return a.y < b.y; });
  return {.left = left->x, .top = top->y, .width = right->x - left->x, .height = bottom->y - top->y};
}

/// The distance that half of the nodes are nearer to another than: a few that nearly touch shall not make all small.
double usual_nearest(std::span<const Point> places) {
  std::vector<double> nearest;
  for (std::size_t i = 0; i < places.size(); ++i) {
    double least = HUGE_VAL;
    for (std::size_t j = 0; j < places.size(); ++j) {
      if (j != i) least = std::min(least, std::hypot(places[i].x - places[j].x, places[i].y - places[j].y));
    }
    nearest.push_back(least);
  }
  const auto rank = nearest.begin() + static_cast<std::ptrdiff_t>((nearest.size() - 1) / 2);
  std::nth_element(nearest.begin(), rank, nearest.end());
  return *rank;
}

/// Pushes nodes apart that cover each other, a little at a time.
void separate(std::vector<Point>& places, double radius) {
  constexpr std::size_t kMostSeparated = 500;
  constexpr int kPushes = 60;
  const double apart = 2.3 * radius;
  for (int push = 0; push < kPushes && places.size() <= kMostSeparated; ++push) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const double dx = places[i].x - places[j].x, dy = places[i].y - places[j].y;
        const double distance = std::hypot(dx, dy);
        if (distance >= apart || distance == 0) continue;
        const double half = (apart - distance) / (2 * distance);
        places[i] = {.x = places[i].x + dx * half, .y = places[i].y + dy * half};
        places[j] = {.x = places[j].x - dx * half, .y = places[j].y - dy * half};
      }
    }
  }
}

/// Pulled wider or higher, if it is a strip, until the sides are within kMostStretched.
void stretch(std::vector<Point>& places) {
  const Box box = box_around(places);
  constexpr double kLine = 1e-6;  // thinner is a line, which has no other side to stretch
  if (box.width <= kLine * box.height || box.height <= kLine * box.width) return;
  const double wide = box.width / box.height;
  for (Point& place : places) {
    if (wide > kMostStretched) place.y *= wide / kMostStretched;
    if (wide < 1 / kMostStretched) place.x *= 1 / (kMostStretched * wide);
  }
}

}  // namespace

Canvas canvas_for(std::span<const Point> given, double longest_side) {
  PARLEY_CHECK(!given.empty() && longest_side > kShortestSide, given.size(), longest_side);
  Canvas canvas;
  canvas.places.assign(given.begin(), given.end());
  stretch(canvas.places);
  const Box box = box_around(canvas.places);
  const double side = std::max({box.width, box.height, 1e-9});
  const double nearest = given.size() > 1 ? usual_nearest(canvas.places) : side;
  // As large as the numbers want it, within what the picture may be.
  double scale = nearest > 0 ? kSpacing * kLargestRadius / nearest : longest_side / side;
  scale = std::clamp(scale, std::min(kShortestSide, longest_side) / side, longest_side / side);
  if (given.size() == 1) scale = 1;
  canvas.radius = std::clamp(nearest * scale / kSpacing, kSmallestRadius, kLargestRadius);
  const double margin = 2.6 * canvas.radius + 6;  // room for edges that bend around nodes at the border
  for (Point& place : canvas.places) place = {.x = place.x * scale, .y = place.y * scale};
  separate(canvas.places, canvas.radius);
  const Box shown = box_around(canvas.places);
  for (Point& place : canvas.places) place = {.x = margin + place.x - shown.left, .y = margin + place.y - shown.top};
  canvas.width = shown.width + 2 * margin;
  canvas.height = shown.height + 2 * margin;
  return canvas;
}

}  // namespace parley::topology
