// Plots as SVG: for files of their own and inside HTML reports, readable on a light and on a dark ground, in print, on
// 400 pixels, and without telling colours apart. A pointer on a value shows it (plot.js does so at once, and for keys).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kelvin {

struct PlotAxis {
  std::string label;
  bool logarithmic = false;                                // then only positive values are shown
  std::optional<double> low = {}, high = {};               // default: what the data need
  std::vector<std::pair<double, std::string>> ticks = {};  // default: round numbers
  // What a value under the pointer is called, as in "T = 0.5"; default: the number.
  std::string (*name_of)(double value) = nullptr;
};

struct PlotSeries {
  enum class Style { line, dashed, points };           // dashed: thin, for what others are compared with
  std::string name;                                    // in the legend, unless empty
  std::vector<std::pair<double, double>> points = {};  // a point that is not finite interrupts a line
  Style style = Style::line;
  std::vector<std::string> names = {};   // of the first points, under the pointer
  std::size_t written = 0;               // so many of them stand beside their dots too, where there is room
  std::optional<std::size_t> like = {};  // the series whose colour it has
};

struct Plot {
  std::string title;
  PlotAxis x, y;
  std::vector<PlotSeries> series = {};
  int width = 480, height = 350;  // pixels
};

// An <svg> element. The page's style (html_page.h) colours it.
std::string svg_of(const Plot& plot);

// A file of its own that holds plots of one size, `columns` side by side; `metadata` is markup: provenance_svg().
std::string svg_file(const std::vector<Plot>& plots, int columns, std::string_view metadata);

// Style rules that svg_of() relies on.
std::string plot_style();

// `text` with & < > " as entities, and without characters that XML forbids.
std::string escape_markup(std::string_view text);

}  // namespace kelvin
