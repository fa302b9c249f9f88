// What a person sees: a small terminal, for tests.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin::test {

// Understands what Kelvin and a shell send (ECMA-48: cursor up, down, left, right, home, erase, styles; bracketed
// paste), with wide characters and combining marks, and scrolls. Like most terminals it breaks rows anew when it gets
// another width.
class TerminalScreen {
 public:
  TerminalScreen(int columns, int rows);

  // Bytes as a program writes them to a terminal of its own: a newline only moves down.
  void feed(std::string_view bytes);
  void resize(int columns);

  // All rows from the first one fed, those scrolled off the top too, without blanks at their ends and without empty rows at
  // the end.
  std::vector<std::string> rows() const;
  int cursor_row() const { return row_; }  // in rows()
  int cursor_column() const { return column_; }
  // Of the first character of `text`, where it is shown last; "1;35", "" for none.
  std::string style_of(std::string_view text) const;
  // Sequences it does not know, and control characters.
  const std::string& unknown() const { return unknown_; }

 private:
  struct Cell {
    std::string character = " ";  // with its marks; empty: the right half of a wide one
    std::string style = {};
  };
  struct Row {
    std::vector<Cell> cells;
    bool goes_on = false;  // in the next row, for want of room
  };

  void print(std::string_view character);
  void sequence(std::string_view parameters, char final);
  void move_down();
  void keep_cursor_on_screen();
  int top() const;  // the row that is the first on the screen

  int columns_, height_;
  std::vector<Row> rows_{1};
  int row_ = 0, column_ = 0;
  std::string style_, rest_, unknown_;  // rest_: the begin of what is not whole yet
};

}  // namespace kelvin::test
