#include "tests/tools/terminal_screen.h"

#include <algorithm>

#include "tokenizer/unicode/utf8.h"
#include "tools/terminal/display_width.h"

namespace kelvin::test {
namespace {

template <typename Row>
std::string text_of(const Row& row) {
  std::string text;
  for (const auto& cell : row.cells) text += cell.character;
  text.resize(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

TerminalScreen::TerminalScreen(int columns, int rows) : columns_(columns), height_(rows) {}

int TerminalScreen::top() const { return std::max(0, static_cast<int>(rows_.size()) - height_); }

void TerminalScreen::move_down() {
  if (++row_ == static_cast<int>(rows_.size())) rows_.emplace_back();
}

void TerminalScreen::print(std::string_view character) {
  const int width = display_columns(character);
  std::vector<Cell>* cells = &rows_[static_cast<std::size_t>(row_)].cells;
  if (width == 0) {
    if (column_ > 0) (*cells)[static_cast<std::size_t>(column_ - 1)].character += character;
    return;
  }
  if (column_ + width > columns_) {
    rows_[static_cast<std::size_t>(row_)].goes_on = true;
    move_down();
    column_ = 0;
    cells = &rows_[static_cast<std::size_t>(row_)].cells;
  }
  const auto at = static_cast<std::size_t>(column_);
  cells->resize(std::max(cells->size(), at + static_cast<std::size_t>(width)));
  (*cells)[at] = {std::string(character), style_};
  if (width == 2) (*cells)[at + 1] = {"", style_};
  column_ += width;
}

void TerminalScreen::sequence(std::string_view parameters, char final) {
  const int number = parameters.find_first_not_of("0123456789") == 0 || parameters.empty()
                         ? 0
                         : std::stoi(std::string(parameters));
  const int count = std::max(number, 1);
  std::vector<Cell>& cells = rows_[static_cast<std::size_t>(row_)].cells;
  const auto column = static_cast<std::size_t>(column_);
  if (final == 'A') {
    row_ = std::max(row_ - count, top());
  } else if (final == 'B') {
    row_ = std::min(row_ + count, static_cast<int>(rows_.size()) - 1);
  } else if (final == 'C') {
    column_ = std::min(column_ + count, columns_ - 1);
  } else if (final == 'D') {
    column_ = std::max(std::min(column_, columns_ - 1) - count, 0);
  } else if (final == 'H' && parameters.empty()) {
    row_ = top();
    column_ = 0;
  } else if ((final == 'K' || final == 'J') && number == 0) {
    cells.resize(std::min(cells.size(), column));
    if (final == 'J') rows_.resize(static_cast<std::size_t>(row_) + 1);
    rows_[static_cast<std::size_t>(row_)].goes_on = false;
  } else if (final == 'J' && number == 2) {
    // Some keep what they clear in what can be scrolled to; here it is gone.
    rows_.resize(static_cast<std::size_t>(top()));
    rows_.resize(static_cast<std::size_t>(row_) + 1);
  } else if (final == 'm') {
    style_ = number == 0 ? "" : parameters;
  } else if (parameters != "?2004") {
    unknown_ += "ESC[" + std::string(parameters) + final;
  }
}

void TerminalScreen::feed(std::string_view bytes) {
  rest_ += bytes;
  std::string_view text = rest_;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (byte == 0x1B) {
      if (text.size() < 3) break;
      const std::size_t final = text.find_first_not_of("0123456789;?", 2);
      if (text[1] == '[' && final == text.npos) break;
      if (text[1] == '[') {
        sequence(text.substr(2, final - 2), text[final]);
        length = final + 1;
      } else {
        unknown_ += "ESC";
      }
    } else if (byte == '\r') {
      column_ = 0;
    } else if (byte == '\n') {
      move_down();
    } else if (byte == '\b') {
      column_ = std::max(std::min(column_, columns_ - 1) - 1, 0);
    } else if (byte < 0x20 || byte == 0x7F) {
      unknown_ += "byte " + std::to_string(byte) + " ";
    } else {
      length = unicode::utf8_length(text);
      if (length == 0 && text.size() < 4) break;  // the rest of it is to come
      if (length == 0) unknown_ += "no UTF-8 ";
      print(text.substr(0, length));
      length = std::max<std::size_t>(length, 1);
    }
    text.remove_prefix(length);
  }
  rest_ = text;
}

void TerminalScreen::resize(int columns) {
  // Whole lines, and where the cursor is in its line.
  std::vector<std::vector<Cell>> lines(1);
  std::size_t cursor_line = 0, cursor_at = 0;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (static_cast<int>(row) == row_) {
      cursor_line = lines.size() - 1;
      cursor_at = lines.back().size() + static_cast<std::size_t>(column_);
    }
    lines.back().insert(lines.back().end(), rows_[row].cells.begin(), rows_[row].cells.end());
    if (!rows_[row].goes_on && row + 1 < rows_.size()) lines.emplace_back();
  }
  columns_ = columns;
  rows_.clear();
  for (std::size_t line = 0; line < lines.size(); ++line) {
    const std::vector<Cell>& cells = lines[line];
    const auto width = static_cast<std::size_t>(columns);
    for (std::size_t at = 0; at == 0 || at < cells.size();) {
      std::size_t end = std::min(at + width, cells.size());
      if (end < cells.size() && cells[end].character.empty()) --end;  // not within a wide character
      rows_.push_back({{cells.begin() + static_cast<std::ptrdiff_t>(at),
                        cells.begin() + static_cast<std::ptrdiff_t>(end)},
                       end < cells.size()});
      if (line == cursor_line && cursor_at >= at && (cursor_at < at + width || end == cells.size())) {
        row_ = static_cast<int>(rows_.size()) - 1;
        column_ = static_cast<int>(std::min(cursor_at - at, width));
      }
      at = std::max(end, at + 1);
    }
  }
}

std::vector<std::string> TerminalScreen::rows() const {
  std::vector<std::string> shown;
  for (const Row& row : rows_) shown.push_back(text_of(row));
  while (!shown.empty() && shown.back().empty()) shown.pop_back();
  return shown;
}

std::string TerminalScreen::style_of(std::string_view text) const {
  for (std::size_t row = rows_.size(); row-- > 0;) {
    const std::size_t found = text_of(rows_[row]).rfind(text);
    if (found == std::string::npos) continue;
    std::size_t bytes = 0;
    for (const Cell& cell : rows_[row].cells) {
      if (bytes == found && !cell.character.empty()) return cell.style;
      bytes += cell.character.size();
    }
  }
  return "not shown";
}

}  // namespace kelvin::test
