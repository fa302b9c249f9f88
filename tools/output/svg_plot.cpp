#include "tools/output/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "tokenizer/base/formatted.h"
#include "tools/output/plot.css.h"

namespace kelvin {
namespace {

constexpr double left = 64, right = 16, above = 34, bottom = 46, legend_line = 16;
constexpr std::size_t colours = 6;  // of plot.css

// From a value to a place between 0 and 1 on its axis.
class Scale {
 public:
  Scale(const PlotAxis& axis, const Plot& plot, bool is_x) : logarithmic_(axis.logarithmic) {
    low_ = std::numeric_limits<double>::infinity();
    high_ = -low_;
    for (const PlotSeries& series : plot.series) {
      for (const auto& [x, y] : series.points) {
        const double value = is_x ? x : y;
        if (!std::isfinite(x) || !std::isfinite(y) || (logarithmic_ && value <= 0)) continue;
        low_ = std::min(low_, value);
        high_ = std::max(high_, value);
      }
    }
    low_ = axis.low.value_or(low_);
    high_ = axis.high.value_or(high_);
    if (!(low_ <= high_)) low_ = logarithmic_ ? 0.1 : 0.0, high_ = 1.0;
    if (low_ == high_) {
      low_ = logarithmic_ ? low_ / 2 : low_ - 0.5;
      high_ = logarithmic_ ? high_ * 2 : high_ + 0.5;
    } else if (!is_x && !logarithmic_) {
      const double margin = 0.04 * (high_ - low_);
      if (!axis.low && low_ != 0) low_ -= margin;
      if (!axis.high) high_ += margin;
    }
  }

  double place(double value) const {
    if (logarithmic_) return std::log(value / low_) / std::log(high_ / low_);
    return (value - low_) / (high_ - low_);
  }
  bool shows(double value) const { return std::isfinite(value) && (!logarithmic_ || value > 0); }
  bool inside(double value) const { return shows(value) && place(value) > -1e-9 && place(value) < 1 + 1e-9; }

  std::vector<std::pair<double, std::string>> ticks() const {
    std::vector<std::pair<double, std::string>> result;
    if (logarithmic_ && high_ / low_ >= 20) {
      const double decades = std::log10(high_ / low_);
      const int stride = std::max(1, static_cast<int>(std::ceil(decades / 8)));
      for (int e = static_cast<int>(std::floor(std::log10(low_)));
           e <= static_cast<int>(std::ceil(std::log10(high_))); ++e)
        if (const double value = std::pow(10.0, e); e % stride == 0 && inside(value))
          result.emplace_back(value, formatted("%.6g", value));
      return result;
    }
    const double rough = (high_ - low_) / 6, decade = std::pow(10.0, std::floor(std::log10(rough)));
    const double step = decade * (rough / decade < 1.5   ? 1
                                  : rough / decade < 3.5 ? 2
                                  : rough / decade < 7.5 ? 5
                                                         : 10);
    const double first = std::ceil(low_ / step - 1e-9);
    for (int i = 0; i < 20 && inside((first + i) * step); ++i) {
      const double value = (first + i) * step;
      result.emplace_back(value, formatted("%.6g", std::fabs(value) < step * 1e-9 ? 0.0 : value));
    }
    return result;
  }

 private:
  bool logarithmic_;
  double low_, high_;
};

// Where a series' name stands above the field, its sample line to the left of it.
struct LegendEntry {
  std::size_t series;
  double x, y;
};

std::vector<LegendEntry> legend_of(const Plot& plot) {
  constexpr double sample = 22, character = 6.7, gap = 14;
  std::vector<LegendEntry> entries;
  double x = left, y = above;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const double width = sample + character * static_cast<double>(plot.series[i].name.size());
    if (plot.series[i].name.empty()) continue;
    if (x > left && x + width > plot.width - right) x = left, y += legend_line;
    entries.push_back({i, x + sample, y});
    x += width + gap;
  }
  return entries;
}

struct Frame {
  const Plot& plot;
  Scale x, y;
  std::vector<LegendEntry> legend;
  double top, across, down;  // pixels above the inner field, and of it

  explicit Frame(const Plot& p)
      : plot(p),
        x(p.x, p, true),
        y(p.y, p, false),
        legend(legend_of(p)),
        top(legend.empty() ? above : legend.back().y + legend_line / 2),
        across(p.width - left - right),
        down(p.height - top - bottom) {}
  double at_x(double value) const { return left + across * std::clamp(x.place(value), -0.5, 1.5); }
  double at_y(double value) const { return top + down * (1 - std::clamp(y.place(value), -0.5, 1.5)); }
};

std::string text_at(double x, double y, const char* kind, std::string_view text,
                    const std::string& more = "") {
  return formatted("<text class=\"%s\" x=\"%.1f\" y=\"%.1f\"%s>%s</text>", kind, x, y, more.c_str(),
                   escape_markup(text).c_str());
}

std::string dot_at(double x, double y, const std::string& colour) {
  return formatted("<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", colour.c_str(), x, y);
}

std::string line_between(double x1, double y1, double x2, double y2, const std::string& kind) {
  return formatted("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", kind.c_str(), x1,
                   y1, x2, y2);
}

std::string curve_class(const PlotSeries& series, const std::string& colour) {
  return (series.style == PlotSeries::Style::dashed ? "curve dashed " : "curve ") + colour;
}

std::string axes_of(const Frame& f) {
  std::string out;
  for (const auto& [value, label] : f.plot.x.ticks.empty() ? f.x.ticks() : f.plot.x.ticks) {
    if (!f.x.inside(value)) continue;
    out += line_between(f.at_x(value), f.top, f.at_x(value), f.top + f.down, "grid");
    out += text_at(f.at_x(value), f.top + f.down + 16, "tick-x", label);
  }
  for (const auto& [value, label] : f.plot.y.ticks.empty() ? f.y.ticks() : f.plot.y.ticks) {
    if (!f.y.inside(value)) continue;
    out += line_between(left, f.at_y(value), left + f.across, f.at_y(value), "grid");
    out += text_at(left - 6, f.at_y(value) + 4, "tick-y", label);
  }
  out += line_between(left, f.top, left, f.top + f.down, "axis") +
         line_between(left, f.top + f.down, left + f.across, f.top + f.down, "axis");
  out += text_at(left + f.across / 2, f.plot.height - 8, "label", f.plot.x.label);
  const std::string turn = formatted(" transform=\"rotate(-90 14 %.1f)\"", f.top + f.down / 2);
  return out + text_at(14, f.top + f.down / 2, "label", f.plot.y.label, turn) +
         text_at(left, 18, "title", f.plot.title);
}

std::string series_of(const Frame& f, const PlotSeries& series, const std::string& colour) {
  std::string out;
  if (series.style == PlotSeries::Style::points) {
    for (const auto& [x, y] : series.points)
      if (f.x.inside(x) && f.y.inside(y)) out += dot_at(f.at_x(x), f.at_y(y), colour);
    return out;
  }
  std::string path;
  bool pen_down = false;
  for (const auto& [x, y] : series.points) {
    const bool shown = f.x.shows(x) && f.y.shows(y);
    if (shown) path += formatted("%s%.1f %.1f", pen_down ? "L" : "M", f.at_x(x), f.at_y(y));
    pen_down = shown;
  }
  return "<path class=\"" + curve_class(series, colour) + "\" d=\"" + path + "\"/>";
}

std::string legend_of(const Frame& f) {
  std::string out;
  for (const LegendEntry& entry : f.legend) {
    const PlotSeries& series = f.plot.series[entry.series];
    const std::string colour = "colour-" + std::to_string(entry.series % colours);
    const double middle = entry.y - 4;
    out += series.style == PlotSeries::Style::points
               ? dot_at(entry.x - 8, middle, colour)
               : line_between(entry.x - 18, middle, entry.x - 4, middle, curve_class(series, colour));
    out += text_at(entry.x, entry.y, "legend", series.name);
  }
  return out;
}

}  // namespace

std::string escape_markup(std::string_view text) {
  constexpr std::pair<char, const char*> entities[] = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
  std::string out;
  for (const char c : text) {
    const auto entity = std::ranges::find(entities, c, &std::pair<char, const char*>::first);
    if (entity != std::end(entities))
      out += entity->second;
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n')
      out += c;
  }
  return out;
}

std::string svg_of(const Plot& plot) {
  const Frame frame(plot);
  const int w = plot.width, h = plot.height;
  std::string out = formatted(
      "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
      "height=\"%d\" role=\"img\" aria-label=\"%s\">",
      w, h, w, h, escape_markup(plot.title).c_str());
  out += axes_of(frame);
  // An inner <svg> clips what leaves the field.
  const double x = left, y = frame.top, across = frame.across, down = frame.down;
  out +=
      formatted("<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" viewBox=\"%.1f %.1f %.1f %.1f\">",
                x, y, across, down, x, y, across, down);
  for (std::size_t i = 0; i < plot.series.size(); ++i)
    out += series_of(frame, plot.series[i], "colour-" + std::to_string(i % colours));
  return out + "</svg>" + legend_of(frame) + "</svg>\n";
}

std::string plot_style() { return std::string(assets::plot_css); }

std::string svg_file(const std::vector<Plot>& plots, int columns, std::string_view metadata) {
  int width = 0, height = 0, left_edge = 0, top_edge = 0, column = 0;
  std::string inner;
  for (const Plot& plot : plots) {
    inner += formatted("<g transform=\"translate(%d %d)\">", left_edge, top_edge) + svg_of(plot) + "</g>";
    width = std::max(width, left_edge + plot.width);
    height = std::max(height, top_edge + plot.height);
    left_edge += plot.width;
    if (++column == columns) column = 0, left_edge = 0, top_edge = height;
  }
  return formatted(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">",
             width, height, width, height) +
         std::string(metadata) + "<style>\n" + plot_style() +
         ".ground{fill:#fff}@media (prefers-color-scheme:dark){.ground{fill:#14171a}}</style>"
         "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n" +
         inner + "</svg>\n";
}

}  // namespace kelvin
