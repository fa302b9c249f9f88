// Text on a terminal, broken between words as it comes.
#pragma once

#include <string>
#include <string_view>

namespace kelvin {

// Breaks a stream at words. A word that has begun on a row and does not fit is taken back and written again on the
// next one. Rows hold at most `columns` - 1 columns: terminals differ in where the cursor goes after the last one.
class WordWrap {
 public:
  explicit WordWrap(int columns);  // of the terminal; 0: nothing is broken

  // What to write so that `text`, valid UTF-8 made of whole characters without control characters other than newline
  // and tab, comes out behind what was pushed before.
  std::string push(std::string_view text);

  // A style (SGR of ECMA-48), which takes no column and holds until the next: a word keeps its styles where it moves.
  std::string push_style(std::string_view sequence);

  // From the next character on. A row that is longer already ends before it.
  void resize(int columns);

 private:
  void put(std::string_view character, int width, std::string& out);
  void new_row(std::string& out);
  void begin_word();

  int columns_ = 0;
  int column_ = 0;     // of the cursor, from 0
  std::string style_;  // empty: plain
  std::string word_;   // being written, in this row, with its styles
  int word_columns_ = 0;
};

}  // namespace kelvin
