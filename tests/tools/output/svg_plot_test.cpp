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
  Plot plot{"t", {"x", false, 0.0, 10.0, {}}, {"y", false, 0.0, 1.0, {}}, {}, 180, 180};
  const double gap = std::numeric_limits<double>::quiet_NaN();
  plot.series = {{"", {{0, 0}, {10, 1}, {5, gap}, {5, 0.5}, {10, 0}}, PlotSeries::Style::line}};
  const std::string svg = svg_of(plot);
  // The inner field is 100 x 100 pixels from (64, 34).
  CHECK(svg.find("d=\"M64.0 134.0L164.0 34.0M114.0 84.0L164.0 134.0\"") != svg.npos);
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
  CHECK(one_line.find("<line class=\"curve dashed colour-0\"") != one_line.npos);
  CHECK(count(one_line, "class=\"legend\"") == 1);
  plot.series.push_back({std::string(45, 'x'), {{0, 0.5}}});
  const std::string two_lines = svg_of(plot);
  CHECK(two_lines.find("y=\"34.0\">short<") != two_lines.npos);
  CHECK(two_lines.find("y=\"50.0\">xxx") != two_lines.npos);
}

TEST_CASE("nothing to show is no error, and text is text") {
  Plot empty{"a < b & \"c\"\x01", {"", true, {}, {}, {}}, {"", true, {}, {}, {}}, {}};
  CHECK(svg_of(empty).find("a &lt; b &amp; &quot;c&quot;<") != std::string::npos);
  empty.series = {{"", {{3, 3}}, PlotSeries::Style::points}};
  CHECK(count(svg_of(empty), "<circle") == 1);
  const std::string file = svg_file({empty, empty}, 1, "");
  CHECK(file.starts_with("<svg xmlns"));
  CHECK(file.find("translate(0 400)") != file.npos);
  const std::string grid = svg_file({empty, empty, empty}, 2, "<metadata>m</metadata>");
  CHECK(grid.find("viewBox=\"0 0 1280 800\"") != grid.npos);
  CHECK(grid.find("translate(640 0)") != grid.npos);
  CHECK(grid.find("translate(0 400)") != grid.npos);
  CHECK(count(file, "<svg") == count(file, "</svg>"));
}

TEST_CASE("tables put numbers to the right and escape their cells") {
  const std::string table = html_table({"name", "value"}, {{"<x>", "1.5"}, {"y", "-"}, {"z", "inf"}});
  CHECK(table.find("<td>&lt;x&gt;</td><td class=\"number\">1.5</td>") != table.npos);
  const std::string page = html_of({"Title", "<p>body</p>", "", "let a = 1;"});
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(count(page, "<script>") == 1);
  CHECK(page.find("http") == page.npos);
}

}  // namespace
}  // namespace kelvin
