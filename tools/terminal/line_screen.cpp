#include "tools/terminal/line_screen.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "tools/terminal/display_width.h"
#include "tools/terminal/terminal_text.h"

namespace kelvin {
namespace {

TerminalSize size_now() {
  const TerminalSize size = terminal_size(STDERR_FILENO);
  return size.columns == 0 || size.rows == 0 ? TerminalSize{80, 24} : size;
}

}  // namespace

// From the first row drawn. Terminals that became narrower break rows that are too long for them.
int LineScreen::row_of_cursor(int columns) const {
  if (columns >= drawn_.columns) return layout_.cursor_row;
  int row = layout_.cursor_column / columns;
  for (int above = 0; above < layout_.cursor_row; ++above)
    row += std::max(0, display_columns(layout_.rows[static_cast<std::size_t>(above)]) - 1) / columns + 1;
  return row;
}

void LineScreen::draw(const std::string& prompt, const EditBuffer& buffer) {
  const TerminalSize size = size_now();
  const int up = row_of_cursor(size.columns);
  layout_ = window(lay_out(prompt, buffer.text(), buffer.cursor(), size.columns), size.rows);
  drawn_ = size;
  std::string out = up > 0 ? "\r\x1b[" + std::to_string(up) + "A" : "\r";
  out += "\x1b[J";
  for (std::size_t row = 0; row < layout_.rows.size(); ++row) {
    const std::string& text = layout_.rows[row];
    if (row > 0) out += "\r\n";
    const std::size_t prompt_bytes = row == 0 && colours_ ? layout_.prompt_bytes : 0;
    if (prompt_bytes > 0) out += "\x1b[1;36m" + text.substr(0, prompt_bytes) + "\x1b[0m";
    out += text.substr(prompt_bytes);
  }
  const int below = static_cast<int>(layout_.rows.size()) - 1 - layout_.cursor_row;
  if (below > 0) out += "\x1b[" + std::to_string(below) + "A";
  out += '\r';
  if (layout_.cursor_column > 0) out += "\x1b[" + std::to_string(layout_.cursor_column) + "C";
  std::cerr << out << std::flush;
}

void LineScreen::print_below(const std::string& prompt, const EditBuffer& buffer, const std::string& text) {
  EditBuffer end;
  end.set(buffer.text());
  draw(prompt, end);
  std::cerr << "\r\n" << std::flush;
  TerminalText(std::cerr, STDERR_FILENO).write(text);
  layout_ = {};
}

void LineScreen::clear() {
  std::cerr << "\x1b[H\x1b[2J";
  layout_ = {};
}

}  // namespace kelvin
