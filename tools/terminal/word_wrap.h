// Text on a terminal, broken between words as it comes.
#pragma once

#include <string>
#include <string_view>

namespace kelvin {

// Breaks a stream at words. A word that has begun on a row and does not fit is taken back and written again on the
// next one. Rows hold at most `columns` - 1 columns: terminals differ in where the cursor goes after the last one.
class WordWrap {
 public:
  // columns: of the terminal; 0: nothing is broken. `indent` columns begin each row that a break begins.
  explicit WordWrap(int columns, int indent = 0);

  // What to write so that `text`, valid UTF-8 made of whole characters without control characters other than newline
  // and tab, comes out behind what was pushed before. `style`: escape sequences that colour it; empty: none.
  std::string push(std::string_view text, std::string_view style = {});

  // From the next row on.
  void resize(int columns);
  int column() const { return column_; }  // of the cursor, from 0

 private:
  void put(std::string_view character, int width, std::string_view style, std::string& out);
  void new_row(std::string& out);

  int columns_, indent_;
  int column_ = 0;
  // The word being written: as it was written, its columns, and where it begins.
  std::string word_;
  int word_columns_ = 0, word_start_ = 0;
  std::string style_;  // in force at the end of what was written
};

// Whole lines broken so; what a break begins is indented as far as its line and two more. Blanks at breaks are left
// out, blanks within rows stay, so that tables are what they were where they fit.
std::string wrapped(std::string_view text, int columns);

}  // namespace kelvin
