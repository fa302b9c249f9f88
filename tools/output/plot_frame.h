// How the room of a plot is shared out: title, legend, axes, and the field for its data.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/output/plot_scale.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

// Where a series' name stands above the field, its sample to the left of it.
struct LegendEntry {
  std::size_t series;
  double x, y;
};

struct PlotFrame {
  const Plot& plot;
  PlotScale x, y;
  std::vector<std::string> title;  // its lines
  std::vector<LegendEntry> legend;
  bool slanted;                    // names of ticks are too long to stand side by side
  double left, top, across, down;  // pixels: the corner of the field, and its size

  explicit PlotFrame(const Plot& of);
  double at_x(double value) const;  // clamped to half a field outside
  double at_y(double value) const;
  bool shows(const std::pair<double, double>& point) const {
    return x.shows(point.first) && y.shows(point.second);
  }
  bool inside(const std::pair<double, double>& point) const {
    return x.inside(point.first) && y.inside(point.second);
  }
};

inline constexpr double legend_sample = 30;  // pixels in front of a name
inline constexpr double title_line = 17;     // pixels from one line of the title to the next

// About how wide `text` is, in pixels.
double text_width(std::string_view text);

}  // namespace kelvin
