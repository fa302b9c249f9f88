#include "tools/terminal/word_wrap.h"

#include <algorithm>

#include "tools/terminal/display_width.h"

namespace kelvin {
namespace {

constexpr int narrowest = 8;
constexpr std::string_view plain = "\x1b[0m";

}  // namespace

WordWrap::WordWrap(int columns) { resize(columns); }

void WordWrap::resize(int columns) {
  columns_ = columns > 0 ? std::max(columns, narrowest) - 1 : 0;
  // The terminal has broken or cut the row: nobody knows where its last word stands.
  if (columns_ > 0 && column_ > columns_) begin_word();
}

std::string WordWrap::push(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\n') {
      new_row(out);
      begin_word();
      ++at;
      continue;
    }
    const std::size_t end = next_character(text, at);
    const std::string_view character =
        text[at] == '\t' ? std::string_view("    ") : text.substr(at, end - at);
    put(character, display_columns(character), out);
    at = end;
  }
  return out;
}

std::string WordWrap::push_style(std::string_view sequence) {
  style_ = sequence == plain ? "" : sequence;
  if (word_columns_ == 0) {
    word_ = style_;
  } else {
    if (!word_.starts_with('\x1b')) word_.insert(0, plain);
    word_ += sequence;
  }
  return std::string(sequence);
}

void WordWrap::new_row(std::string& out) {
  out += '\n';
  column_ = 0;
}

void WordWrap::begin_word() {
  word_ = style_;
  word_columns_ = 0;
}

void WordWrap::put(std::string_view character, int width, std::string& out) {
  const bool blank = character.front() == ' ';
  // Between wide characters a row may end anywhere.
  const bool ends_word = blank || width > 1;
  const bool fits = columns_ == 0 || column_ + width <= columns_;
  if (!fits && blank) {
    // The break stands for the blank.
    new_row(out);
    return begin_word();
  }
  if (!fits && column_ > 0) {
    // A word that fills the row is cut where it must be.
    const bool moves = !ends_word && word_columns_ > 0 && word_columns_ < column_;
    if (moves) out += "\x1b[" + std::to_string(word_columns_) + "D\x1b[K";
    new_row(out);
    if (!moves) begin_word();
    out += word_;
    column_ = word_columns_;
  }
  out += character;
  column_ += width;
  if (ends_word) return begin_word();
  word_ += character;
  word_columns_ += width;
}

}  // namespace kelvin
