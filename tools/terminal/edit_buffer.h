// The text being typed and its cursor: what the keys of a line editor do, without a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kelvin {

class EditBuffer {
 public:
  const std::string& text() const { return text_; }  // valid UTF-8, may hold several lines
  std::size_t cursor() const { return cursor_; }     // a character boundary of text()

  void set(std::string text);  // cursor to the end
  void insert(std::string_view text);

  void left();
  void right();
  void word_left();
  void word_right();
  void line_start();
  void line_end();
  bool up();  // false on the first line
  bool down();

  void erase_left();
  void erase_right();
  // These keep what they remove for yank().
  void kill_word_left();
  void kill_to_line_start();
  void kill_to_line_end();
  void yank() { insert(killed_); }

 private:
  std::size_t start_of_line(std::size_t at) const;
  std::size_t end_of_line(std::size_t at) const;
  void move_to_line(std::size_t line_start);
  void kill(std::size_t begin, std::size_t end);

  std::string text_, killed_;
  std::size_t cursor_ = 0;
};

// Several lines: Enter continues after a backslash at the end or within a block that begins with """.
bool wants_another_line(std::string_view text);
// What is meant: without the """ around a block.
std::string without_quotes(std::string_view text);

}  // namespace kelvin
