// Reports as one HTML file: no network, opens from disk, light and dark, readable without a mouse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

// Elements of class "plots" stand side by side where there is room; "soft" is for remarks.
struct HtmlPage {
  std::string title;
  std::string body;    // markup
  std::string style;   // further rules
  std::string script;  // runs after the body; without "</script"
};

std::string html_of(const HtmlPage& page);

// A table; cells are text, not markup. Columns whose cells are all numbers stand to the right.
std::string html_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows);

}  // namespace kelvin
