#include "tools/output/plot_frame.h"

#include <algorithm>
#include <sstream>

#include "tools/terminal/display_width.h"

namespace kelvin {
namespace {

constexpr double margin_left = 66, margin_right = 16, above = 34, below = 46, legend_line = 17;

// Bold letters are wider.
std::vector<std::string> title_lines(const Plot& plot) {
  const double room = (plot.width - margin_left) / 1.15;
  std::vector<std::string> lines = {""};
  std::istringstream words(plot.title);
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && text_width(lines.back() + " " + word) > room) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
  }
  return lines;
}

std::vector<LegendEntry> legend_of(const Plot& plot, double top) {
  constexpr double gap = 16;
  std::vector<LegendEntry> entries;
  double x = margin_left, y = top + 4;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const double width = legend_sample + text_width(plot.series[i].name);
    if (plot.series[i].name.empty()) continue;
    if (x > margin_left && x + width > plot.width - margin_right) x = margin_left, y += legend_line;
    entries.push_back({i, x + legend_sample, y});
    x += width + gap;
  }
  return entries;
}

double widest(const std::vector<std::pair<double, std::string>>& ticks) {
  double width = 0;
  for (const auto& tick : ticks) width = std::max(width, text_width(tick.second));
  return width;
}

}  // namespace

double text_width(std::string_view text) { return 6.7 * display_columns(text); }

PlotFrame::PlotFrame(const Plot& of)
    : plot(of), x(of.x, of, true), y(of.y, of, false), title(title_lines(of)) {
  const double below_title = above + title_line * static_cast<double>(title.size() - 1);
  legend = legend_of(of, below_title);
  left = margin_left;
  across = of.width - margin_left - margin_right;
  top = legend.empty() ? below_title : legend.back().y + legend_line / 2;
  const auto ticks = x.ticks();
  slanted = static_cast<double>(ticks.size()) * (widest(ticks) + 2) > across;
  // A slanted name goes down by two thirds of its length.
  down = of.height - top - below - (slanted ? 0.66 * widest(ticks) : 0);
}

double PlotFrame::at_x(double value) const { return left + across * std::clamp(x.place(value), -0.5, 1.5); }

double PlotFrame::at_y(double value) const {
  return top + down * (1 - std::clamp(y.place(value), -0.5, 1.5));
}

}  // namespace kelvin
