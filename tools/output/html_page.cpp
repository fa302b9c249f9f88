#include "tools/output/html_page.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tokenizer/base/formatted.h"
#include "tools/output/parse_number.h"
#include "tools/output/plot.js.h"
#include "tools/output/report.css.h"
#include "tools/output/table.js.h"

namespace kelvin {
namespace {

bool is_number(const std::string& cell) {
  constexpr std::string_view signs[] = {"", "-", "∞", "-∞", "0⁺", "0⁻"};
  return std::find(std::begin(signs), std::end(signs), cell) != std::end(signs) || parse_real(cell) ||
         (cell.ends_with(" %") && parse_real(std::string_view(cell).substr(0, cell.size() - 2)));
}

}  // namespace

std::string number_cell(double value, const char* format) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  return formatted(format, value);
}

std::string html_of(const HtmlPage& page) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // A browser keeps the promise that the page loads nothing.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'\">\n<title>";
  out += escape_markup(page.title) + "</title>\n<style>\n" + std::string(assets::report_css) + plot_style() +
         page.style + "</style>\n</head>\n<body>\n";
  out += "<h1>" + escape_markup(page.title) + "</h1>\n" + page.body + page.footer;
  for (const std::string_view script : {assets::plot_js, assets::table_js, std::string_view(page.script)})
    if (!script.empty()) out += "\n<script>\n{\n" + std::string(script) + "}\n</script>";
  return out + "\n</body>\n</html>\n";
}

std::string html_plots(const std::vector<Plot>& plots) {
  std::string out = "<div class=\"plots\">\n";
  for (const Plot& plot : plots) out += svg_of(plot);
  return out + "</div>\n";
}

std::string html_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<bool> numeric(header.size(), true);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size() && i < numeric.size(); ++i)
      numeric[i] = numeric[i] && is_number(row[i]);
  const auto cell = [&](const char* tag, std::size_t column, const std::string& text) {
    const std::string name = tag;
    const std::string kind = column < numeric.size() && numeric[column] ? " class=\"number\"" : "";
    return "<" + name + kind + ">" + escape_markup(text) + "</" + name + ">";
  };
  std::string out = "<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\">\n<thead><tr>";
  for (std::size_t i = 0; i < header.size(); ++i) out += cell("th", i, header[i]);
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) out += cell("td", i, row[i]);
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace kelvin
