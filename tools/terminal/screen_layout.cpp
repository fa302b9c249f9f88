#include "tools/terminal/screen_layout.h"

#include <algorithm>

#include "tools/terminal/display_width.h"

namespace kelvin {

ScreenLayout lay_out(std::string_view prompt, std::string_view text, std::size_t cursor, int columns) {
  const int usable = std::max(columns, 8) - 1;
  while (display_columns(prompt) > usable / 2) prompt.remove_prefix(next_character(prompt, 0));
  const int indent = display_columns(prompt);
  ScreenLayout layout;
  layout.rows.emplace_back(prompt);
  layout.prompt_bytes = prompt.size();
  int column = indent;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = next_character(text, at);
    const bool newline = at < text.size() && text[at] == '\n';
    const std::string_view shown = text[at] == '\t' ? std::string_view("    ") : text.substr(at, end - at);
    const int width = newline || at == text.size() ? 0 : display_columns(shown);
    if (column + width > usable) {
      layout.rows.emplace_back();
      column = 0;
    }
    if (at == cursor) {
      layout.cursor_row = static_cast<int>(layout.rows.size()) - 1;
      layout.cursor_column = column;
    }
    if (at == text.size()) break;
    if (newline) {
      layout.rows.emplace_back(static_cast<std::size_t>(indent), ' ');
      column = indent;
    } else {
      layout.rows.back() += shown;
      column += width;
    }
    at = end;
  }
  return layout;
}

ScreenLayout window(ScreenLayout layout, int height) {
  const int rows = static_cast<int>(layout.rows.size());
  if (rows <= height || height < 1) return layout;
  const int first = std::clamp(layout.cursor_row - height / 2, 0, rows - height);
  layout.rows.erase(layout.rows.begin() + first + height, layout.rows.end());
  layout.rows.erase(layout.rows.begin(), layout.rows.begin() + first);
  layout.cursor_row -= first;
  if (first > 0) layout.prompt_bytes = 0;
  return layout;
}

}  // namespace kelvin
