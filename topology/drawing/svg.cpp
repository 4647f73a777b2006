#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "topology/drawing.h"
#include "topology/drawing/canvas.h"

namespace parley::topology {
namespace {

constexpr double kLongestSide = 2700, kLongestSideOfAPanel = 700;
constexpr double kThinnest = 0.7, kThickest = 3.2;  // of edges, in pixels
constexpr double kTitleHeight = 26;

/// One decimal, and none that is zero: a tenth of a pixel is enough, and pictures stay small.
std::string px(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

/// True if the straight line between two nodes would run through a third.
bool runs_through_a_node(const Canvas& canvas, const DrawnEdge& edge) {
  const Point a = canvas.places[edge.from], b = canvas.places[edge.to];
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double squared = dx * dx + dy * dy;
  for (std::size_t k = 0; k < canvas.places.size(); ++k) {
    if (k == edge.from || k == edge.to || squared == 0) continue;
    const Point p = canvas.places[k];
    const double along = ((p.x - a.x) * dx + (p.y - a.y) * dy) / squared;
    const double aside = std::abs((p.x - a.x) * dy - (p.y - a.y) * dx) / std::sqrt(squared);
    if (along > 0 && along < 1 && aside < 0.9 * canvas.radius) return true;
  }
  return false;
}

class Painter {
 public:
  Painter(const Canvas& canvas, double heaviest, std::string& out) : canvas_(canvas), heaviest_(heaviest), out_(out) {}

  void edge(const DrawnEdge& edge) {
    const Point a = canvas_.places[edge.from], b = canvas_.places[edge.to];
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    if (length == 0) return;
    const double width = kThinnest + (kThickest - kThinnest) * std::abs(edge.weight) / heaviest_ * canvas_.radius / 13;
    const auto [first, second, is_straight] = bend(edge, length);
    const Point end = edge.is_directed ? before(b, is_straight ? a : second, canvas_.radius + 2) : b;
    const std::string line = is_straight ? fmt::format("M{} {}L{} {}", px(a.x), px(a.y), px(end.x), px(end.y))
                                         : fmt::format("M{} {}C{} {} {} {} {} {}", px(a.x), px(a.y), px(first.x),
                                                       px(first.y), px(second.x), px(second.y), px(end.x), px(end.y));
    out_ += fmt::format("<path d=\"{}\" stroke-width=\"{:.2f}\"{}/>\n", line, width,
                        edge.is_directed ? " marker-end=\"url(#head)\"" : "");
  }

  void node(std::size_t i, std::string_view label) {
    const Point p = canvas_.places[i];
    const std::string number = fmt::format("{}", i);
    out_ += fmt::format("<g><title>{}</title><circle cx=\"{}\" cy=\"{}\" r=\"{}\"/>", escaped(label), px(p.x), px(p.y),
                        px(canvas_.radius));
    const double size = canvas_.radius * (number.size() < 3 ? 1.1 : 2.9 / static_cast<double>(number.size()));
    constexpr double kSmallestText = 2.5;  // below, it would be a smudge
    if (size >= kSmallestText) {
      out_ += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\">{}</text>", px(p.x), px(p.y + 0.36 * size),
                          px(size), number);
    }
    out_ += "</g>\n";
  }

 private:
  /// The control points of a Bezier curve.
  struct Bend {
    Point first, second;
    bool is_straight = true;
  };

  Bend bend(const DrawnEdge& edge, double length) const {
    const Point a = canvas_.places[edge.from], b = canvas_.places[edge.to];
    const double across_x = (b.y - a.y) / length, across_y = (a.x - b.x) / length;
    if (runs_through_a_node(canvas_, edge)) {
      // A bow with a flat top. Where there are no directions it is above or to the left, whichever end comes first.
      const bool turn = !edge.is_directed && (across_y > 0 || (across_y == 0 && across_x > 0));
      const double bow = (turn ? -2.6 : 2.6) * canvas_.radius;
      return {.first = {.x = a.x + across_x * bow, .y = a.y + across_y * bow},
              .second = {.x = b.x + across_x * bow, .y = b.y + across_y * bow},
              .is_straight = false};
    }
    if (!edge.is_directed) return {};
    // A slight arc, apart from the way back.
    const double bow = 0.14 * std::min(length, 12 * canvas_.radius);
    const Point middle{.x = (a.x + b.x) / 2 + across_x * bow, .y = (a.y + b.y) / 2 + across_y * bow};
    return {.first = middle, .second = middle, .is_straight = false};
  }

  /// The point that far before `to` on the way from `from`.
  static Point before(const Point& to, const Point& from, double distance) {
    const double length = std::hypot(to.x - from.x, to.y - from.y);
    if (length <= distance) return to;
    return {.x = to.x - (to.x - from.x) / length * distance, .y = to.y - (to.y - from.y) / length * distance};
  }

  const Canvas& canvas_;
  const double heaviest_;
  std::string& out_;
};

void paint(const Panel& panel, const Drawing& drawing, const Canvas& canvas, double heaviest, std::string& out) {
  Painter painter(canvas, heaviest, out);
  out += "<g fill=\"none\" stroke=\"#4470a8\" stroke-opacity=\"0.75\">\n";
  for (const DrawnEdge& edge : panel.edges) painter.edge(edge);
  out += "</g>\n<g fill=\"#fdf6e3\" stroke=\"#333\" font-family=\"sans-serif\" text-anchor=\"middle\">\n";
  for (std::size_t i = 0; i < drawing.places.size(); ++i) painter.node(i, drawing.labels[i]);
  out += "</g>\n";
  if (panel.title.empty()) return;
  out += fmt::format(
      "<text x=\"{}\" y=\"{}\" font-family=\"sans-serif\" font-size=\"14\" text-anchor=\"middle\">{}</text>\n",
      px(canvas.width / 2), px(canvas.height + kTitleHeight - 12), escaped(panel.title));
}

double heaviest_of(const Drawing& drawing) {
  double heaviest = 0;
  for (const Panel& panel : drawing.panels) {
    for (const DrawnEdge& edge : panel.edges) {
      PARLEY_CHECK(edge.from < drawing.places.size() && edge.to < drawing.places.size(), edge.from, edge.to);
      heaviest = std::max(heaviest, std::abs(edge.weight));
    }
  }
  return heaviest > 0 ? heaviest : 1;
}

}  // namespace

std::string svg(const Drawing& drawing) {
  PARLEY_CHECK(!drawing.panels.empty() && drawing.labels.size() == drawing.places.size(), drawing.panels.size(),
               drawing.labels.size(), drawing.places.size());
  const std::size_t count = drawing.panels.size();
  const Canvas canvas = canvas_for(drawing.places, count == 1 ? kLongestSide : kLongestSideOfAPanel);
  const bool has_titles =
      std::any_of(drawing.panels.begin(), drawing.panels.end(), [](const Panel& p) { return !p.title.empty(); });
  const double height = canvas.height + (has_titles ? kTitleHeight : 0);
  const auto columns = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const std::size_t rows = (count + columns - 1) / columns;
  const std::string size_x = px(static_cast<double>(columns) * canvas.width);
  const std::string size_y = px(static_cast<double>(rows) * height);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n"
      "<style>text{{fill:#222;stroke:none}}</style>\n"
      "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" "
      "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#4470a8\"/></marker></defs>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      size_x, size_y);
  const double heaviest = heaviest_of(drawing);
  for (std::size_t k = 0; k < count; ++k) {
    const double x = static_cast<double>(k % columns) * canvas.width, y = static_cast<double>(k / columns) * height;
    out += fmt::format("<g transform=\"translate({} {})\">\n", px(x), px(y));
    paint(drawing.panels[k], drawing, canvas, heaviest, out);
    out += "</g>\n";
  }
  return out + "</svg>\n";
}

}  // namespace parley::topology
