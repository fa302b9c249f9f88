#include "tools/output/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tokenizer/base/formatted.h"
#include "tools/output/plot.css.h"
#include "tools/output/plot_frame.h"

namespace kelvin {
namespace {

constexpr std::size_t looks = 6;         // of plot.css: colours, dashes
constexpr std::size_t max_values = 500;  // of a line, that a pointer finds

std::string text_at(double x, double y, const char* kind, std::string_view text,
                    const std::string& more = "") {
  return formatted("<text class=\"%s\" x=\"%.1f\" y=\"%.1f\"%s>%s</text>", kind, x, y, more.c_str(),
                   escape_markup(text).c_str());
}

std::string line_between(double x1, double y1, double x2, double y2, const std::string& kind) {
  return formatted("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", kind.c_str(), x1,
                   y1, x2, y2);
}

// How a series looks: its colour by its place among all, its dash or its mark by its place among those of its kind.
struct Look {
  std::string colour;
  std::size_t among_its_kind;
};

Look look_of(const Plot& plot, std::size_t series) {
  const auto same = [&](const PlotSeries& other) { return other.style == plot.series[series].style; };
  const auto begin = plot.series.begin();
  const auto before = std::count_if(begin, begin + static_cast<std::ptrdiff_t>(series), same);
  return {"colour-" + std::to_string(plot.series[series].like.value_or(series) % looks),
          static_cast<std::size_t>(before) % looks};
}

std::string curve_class(const PlotSeries& series, const Look& look) {
  const char* kind = series.style == PlotSeries::Style::dashed ? "reference-" : "dash-";
  return "curve " + (kind + std::to_string(look.among_its_kind)) + " " + look.colour;
}

// A disc, a diamond, a square or a triangle, with a title inside.
std::string mark_at(double x, double y, const Look& look, const std::string& title = "") {
  constexpr const char* corners[] = {"", "M%.1f %.1fm0-4.5l4.5 4.5-4.5 4.5-4.5-4.5z",
                                     "M%.1f %.1fm-3.5-3.5h7v7h-7z", "M%.1f %.1fm0-4.5l4.5 8h-9z"};
  const std::size_t shape = look.among_its_kind % std::size(corners);
  const std::string begin =
      "<" + std::string(shape == 0 ? "circle" : "path") + " class=\"dot " + look.colour + "\" ";
  const std::string place = shape == 0 ? formatted("cx=\"%.1f\" cy=\"%.1f\" r=\"3\"", x, y)
                                       : "d=\"" + formatted(corners[shape], x, y) + "\"" +
                                             formatted(" data-x=\"%.1f\" data-y=\"%.1f\"", x, y);
  if (title.empty()) return begin + place + "/>";
  return begin + place + "><title>" + escape_markup(title) + "</title></" +
         (shape == 0 ? "circle>" : "path>");
}

std::string name_of(const PlotAxis& axis, double value) {
  return axis.name_of ? axis.name_of(value) : formatted("%.4g", value);
}

// What the pointer shows on a point.
std::string title_of(const Plot& plot, const PlotSeries& series, std::size_t i) {
  const auto& [x, y] = series.points[i];
  const std::string name = i < series.names.size() ? series.names[i] : series.name;
  std::string place = name_of(plot.x, x);
  if (!place.empty()) place += ", ";
  return (name.empty() ? "" : name + ": ") + place + name_of(plot.y, y);
}

std::string axes_of(const PlotFrame& f) {
  std::string out;
  const double bottom = f.top + f.down;
  for (const auto& [value, label] : f.x.ticks()) {
    const double x = f.at_x(value);
    out += line_between(x, f.top, x, bottom, "grid");
    out += f.slanted ? text_at(x + 4, bottom + 14, "tick-y", label,
                               formatted(" transform=\"rotate(-42 %.1f %.1f)\"", x + 4, bottom + 14))
                     : text_at(x, bottom + 16, "tick-x", label);
  }
  for (const auto& [value, label] : f.y.ticks()) {
    out += line_between(f.left, f.at_y(value), f.left + f.across, f.at_y(value), "grid");
    out += text_at(f.left - 6, f.at_y(value) + 4, "tick-y", label);
  }
  out += line_between(f.left, f.top, f.left, bottom, "axis") +
         line_between(f.left, bottom, f.left + f.across, bottom, "axis");
  out += text_at(f.left + f.across / 2, f.plot.height - 8, "label", f.plot.x.label);
  const std::string turn = formatted(" transform=\"rotate(-90 14 %.1f)\"", f.top + f.down / 2);
  out += text_at(14, f.top + f.down / 2, "label", f.plot.y.label, turn);
  for (std::size_t i = 0; i < f.title.size(); ++i)
    out += text_at(f.left, 18 + title_line * static_cast<double>(i), "title", f.title[i]);
  return out;
}

std::string dots_of(const PlotFrame& f, const PlotSeries& series, const Look& look) {
  constexpr std::size_t many = 300;  // then they cover each other and what is among them
  std::string out = series.points.size() > many ? "<g class=\"many\">" : "<g>";
  for (std::size_t i = 0; i < series.points.size(); ++i)
    if (const auto& point = series.points[i]; f.inside(point))
      out += mark_at(f.at_x(point.first), f.at_y(point.second), look, title_of(f.plot, series, i));
  return out + "</g>";
}

std::string line_of(const PlotFrame& f, const PlotSeries& series, const Look& look) {
  std::string path;
  bool pen_down = false;
  for (const auto& point : series.points) {
    const bool shown = f.shows(point);
    if (shown)
      path += formatted("%s%.1f %.1f", pen_down ? "L" : "M", f.at_x(point.first), f.at_y(point.second));
    pen_down = shown;
  }
  return "<path class=\"" + curve_class(series, look) + "\" d=\"" + path + "\"/>";
}

// Places on a line that the pointer finds.
std::string values_of(const PlotFrame& f, const PlotSeries& series, const Look& look) {
  std::string out;
  const std::size_t stride = 1 + series.points.size() / max_values;
  for (std::size_t i = 0; i < series.points.size(); i += stride)
    if (const auto& point = series.points[i]; f.inside(point))
      out += formatted(
          "<circle class=\"value dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%s</title></circle>",
          look.colour.c_str(), f.at_x(point.first), f.at_y(point.second),
          escape_markup(title_of(f.plot, series, i)).c_str());
  return out;
}

// Names beside dots, on the side where they are free: none over another one.
std::string names_of(const PlotFrame& f) {
  struct Box {
    double x, y, width;
  };
  constexpr double height = 13;
  std::vector<Box> taken;
  std::string out;
  const auto is_free = [&](const Box& box) {
    return box.x >= f.left && box.x + box.width <= f.left + f.across && box.y - height > f.top &&
           box.y + 3 < f.top + f.down && std::none_of(taken.begin(), taken.end(), [&](const Box& other) {
             return std::fabs(other.y - box.y) < height && box.x < other.x + other.width &&
                    other.x < box.x + box.width;
           });
  };
  for (const PlotSeries& series : f.plot.series)
    for (std::size_t i = 0; i < std::min({series.written, series.names.size(), series.points.size()}); ++i) {
      if (!f.inside(series.points[i])) continue;
      const double x = f.at_x(series.points[i].first), y = f.at_y(series.points[i].second) + 4;
      const double width = text_width(series.names[i]);
      const Box sides[] = {
          {x + 8, y, width},          {x - 8 - width, y, width},          {x + 4, y - height, width},
          {x + 4, y + height, width}, {x - 4 - width, y - height, width}, {x - 4 - width, y + height, width}};
      const auto side = std::find_if(std::begin(sides), std::end(sides), is_free);
      if (side == std::end(sides)) continue;
      taken.push_back(*side);
      out += text_at(side->x, side->y, "name", series.names[i]);
    }
  return out;
}

std::string legend_of(const PlotFrame& f) {
  std::string out;
  for (const LegendEntry& entry : f.legend) {
    const PlotSeries& series = f.plot.series[entry.series];
    const Look look = look_of(f.plot, entry.series);
    const double middle = entry.y - 4;
    out +=
        series.style == PlotSeries::Style::points
            ? mark_at(entry.x - 10, middle, look)
            : line_between(entry.x - legend_sample, middle, entry.x - 5, middle, curve_class(series, look));
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
  const PlotFrame frame(plot);
  const int w = plot.width, h = plot.height;
  std::string out = formatted(
      "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
      "height=\"%d\" role=\"img\" aria-label=\"%s\">",
      w, h, w, h, escape_markup(plot.title).c_str());
  out += axes_of(frame);
  // An inner <svg> clips what leaves the field.
  const double x = frame.left, y = frame.top, across = frame.across, down = frame.down;
  out +=
      formatted("<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" viewBox=\"%.1f %.1f %.1f %.1f\">",
                x, y, across, down, x, y, across, down);
  std::string values, dots;  // above all lines
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const PlotSeries& series = plot.series[i];
    const Look look = look_of(plot, i);
    if (series.style == PlotSeries::Style::points) {
      dots += dots_of(frame, series, look);
      continue;
    }
    out += line_of(frame, series, look);
    values += values_of(frame, series, look);
  }
  return out + values + dots + "</svg>" + names_of(frame) + legend_of(frame) + "</svg>\n";
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
