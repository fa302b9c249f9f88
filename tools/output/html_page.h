// Reports as one HTML file: no network, opens from disk, light and dark, readable without a mouse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/output/svg_plot.h"

namespace kelvin {

// Elements of class "soft" are for remarks.
struct HtmlPage {
  std::string title;
  std::string body = {};    // markup
  std::string style = {};   // further rules
  std::string script = {};  // runs after the body; without "</script"
  std::string footer = {};  // markup: provenance_html()
};

std::string html_of(const HtmlPage& page);

// Side by side where there is room.
std::string html_plots(const std::vector<Plot>& plots);

// "-" for NaN, "∞" and "-∞".
std::string number_cell(double value, const char* format = "%.6g");

// A table, sorted by the column whose name is clicked; cells are text, not markup. Columns whose cells are all numbers
// stand to the right.
std::string html_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows);

}  // namespace kelvin
