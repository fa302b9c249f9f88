#include "tools/output/svg_plot.h"

#include <doctest/doctest.h>

#include <limits>

#include "tools/output/html_page.h"

namespace kelvin {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST_CASE("a line lies where its values are, and breaks where there is none") {
  Plot plot{"t", {"x", false, 0.0, 10.0, {}}, {"y", false, 0.0, 1.0, {}}, {}, 182, 180};
  const double gap = std::numeric_limits<double>::quiet_NaN();
  plot.series = {{"", {{0, 0}, {10, 1}, {5, gap}, {5, 0.5}, {10, 0}}, PlotSeries::Style::line}};
  const std::string svg = svg_of(plot);
  // The inner field is 100 x 100 pixels from (66, 34).
  CHECK(svg.find("d=\"M66.0 134.0L166.0 34.0M116.0 84.0L166.0 134.0\"") != svg.npos);
  CHECK(svg.find("nan") == svg.npos);
}

TEST_CASE("logarithmic axes have decades, linear ones round numbers") {
  Plot plot{"", {"", true, {}, {}, {}}, {"", false, {}, {}, {}}, {}};
  plot.series = {{"", {{0.01, 1}, {1, 2}, {100, 7}, {-5, 3}, {0, 3}}, PlotSeries::Style::line}};
  const std::string svg = svg_of(plot);
  for (const char* tick : {">0.01<", ">0.1<", ">1<", ">10<", ">100<", ">2<", ">6<"})
    CHECK(count(svg, tick) >= 1);
}

TEST_CASE("named series stand above the field, in as many lines as they need") {
  Plot plot{"", {"", false, {}, {}, {}}, {"", false, {}, {}, {}}, {}, 400, 300};
  plot.series = {{"short", {{0, 0}, {1, 1}}, PlotSeries::Style::dashed}, {"", {{0, 1}}}};
  const std::string one_line = svg_of(plot);
  CHECK(one_line.find("<line class=\"curve reference-0 colour-0\"") != one_line.npos);
  CHECK(count(one_line, "class=\"legend\"") == 1);
  plot.series.push_back({std::string(45, 'x'), {{0, 0.5}}});
  const std::string two_lines = svg_of(plot);
  CHECK(two_lines.find("y=\"38.0\">short<") != two_lines.npos);
  CHECK(two_lines.find("y=\"55.0\">xxx") != two_lines.npos);
}

TEST_CASE("curves differ by their dashes and dots by their shapes, not by colour alone") {
  Plot plot{"", {""}, {""}};
  for (int i = 0; i < 3; ++i) {
    plot.series.push_back({"line", {{0, i}, {1, i}}});
    plot.series.push_back({"dots", {{0, i}}, PlotSeries::Style::points});
  }
  const std::string svg = svg_of(plot);
  for (const char* look : {"curve dash-0 colour-0", "curve dash-1 colour-2", "curve dash-2 colour-4"})
    CHECK(count(svg, look) == 2);  // the curve and its sample in the legend
  CHECK(count(svg, "<circle class=\"dot colour-1\"") == 2);
  CHECK(count(svg, "<path class=\"dot colour-3\"") == 2);
  CHECK(count(svg, "<path class=\"dot colour-5\"") == 2);
}

TEST_CASE(
    "a pointer finds every value, by its axes' names and its own; names stand beside dots where there is "
    "room") {
  Plot plot{"", {"x"}, {"y"}};
  plot.x.name_of = [](double x) { return "at " + std::to_string(static_cast<int>(x)); };
  PlotSeries dots{"dots", {{1, 5}, {1, 5}, {9, 7}}, PlotSeries::Style::points, {"<a>", "b"}, 2};
  plot.series = {{"line", {{1, 0.25}, {2, std::numeric_limits<double>::infinity()}, {9, 10}}}, dots};
  const std::string svg = svg_of(plot);
  for (const char* title :
       {"line: at 1, 0.25", "line: at 9, 10", "&lt;a&gt;: at 1, 5", "b: at 1, 5", "dots: at 9, 7"})
    CHECK(count(svg, "<title>" + std::string(title) + "</title>") == 1);
  CHECK(count(svg, "<title>") == 5);
  CHECK(count(svg, ">&lt;a&gt;</text>") == 1);
  CHECK(count(svg, ">b</text>") == 1);
  plot.series[1] = {"", {}, PlotSeries::Style::points, {}, 9};
  for (int i = 0; i < 9; ++i) {
    plot.series[1].points.emplace_back(5, 5);
    plot.series[1].names.push_back("name");
  }
  CHECK(count(svg_of(plot), ">name</text>") == 6);  // the others would cover these
}

TEST_CASE("names of ticks that have no room side by side are slanted, and the field leaves room for them") {
  Plot plot{"", {"", false, 0.0, 3.0, {{0, "a"}, {1, "b"}, {2, "c"}, {3, "d"}}}, {""}};
  CHECK(count(svg_of(plot), "rotate(-42") == 0);
  for (auto& tick : plot.x.ticks) tick.second = std::string(20, tick.second[0]);
  CHECK(count(svg_of(plot), "rotate(-42") == 4);
}

TEST_CASE("nothing to show is no error, and text is text") {
  Plot empty{"a < b & \"c\"\x01", {"", true, {}, {}, {}}, {"", true, {}, {}, {}}, {}};
  CHECK(svg_of(empty).find("a &lt; b &amp; &quot;c&quot;<") != std::string::npos);
  empty.series = {{"", {{3, 3}}, PlotSeries::Style::points}};
  CHECK(count(svg_of(empty), "<circle") == 1);
  const std::string file = svg_file({empty, empty}, 1, "");
  CHECK(file.starts_with("<svg xmlns"));
  CHECK(file.find("translate(0 350)") != file.npos);
  const std::string grid = svg_file({empty, empty, empty}, 2, "<metadata>m</metadata>");
  CHECK(grid.find("viewBox=\"0 0 960 700\"") != grid.npos);
  CHECK(grid.find("translate(480 0)") != grid.npos);
  CHECK(grid.find("<metadata>m</metadata>") != grid.npos);
  CHECK(grid.find("translate(0 350)") != grid.npos);
  CHECK(count(file, "<svg") == count(file, "</svg>"));
}

TEST_CASE("tables put numbers to the right and escape their cells") {
  const std::string table = html_table({"name", "value"}, {{"<x>", "1.5"}, {"y", "-"}, {"z", "inf"}});
  CHECK(table.find("<td>&lt;x&gt;</td><td class=\"number\">1.5</td>") != table.npos);
  const std::string page = html_of({"Title", "<p>body</p>", "", "let a = 1;"});
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(count(page, "<script>") == 3);
  CHECK(page.find("http://") == page.npos);
}

}  // namespace
}  // namespace kelvin
