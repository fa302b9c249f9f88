#include "tools/terminal/word_wrap.h"

#include <algorithm>

#include "tools/terminal/display_width.h"

namespace kelvin {
namespace {

constexpr std::string_view plain = "\x1b[0m";
constexpr int narrowest = 8;

// Where the character, or the escape sequence that colours, which begins at `at` ends.
std::size_t next_shown(std::string_view text, std::size_t at) {
  if (text[at] != '\x1b') return next_character(text, at);
  return std::min(text.find('m', at), text.size() - 1) + 1;
}

// Columns of text with such sequences.
int shown_columns(std::string_view text) {
  int columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = next_shown(text, at);
    if (text[at] != '\x1b') columns += display_columns(text.substr(at, end - at));
    at = end;
  }
  return columns;
}

}  // namespace

WordWrap::WordWrap(int columns, int indent) : columns_(0), indent_(indent) { resize(columns); }

void WordWrap::resize(int columns) { columns_ = columns > 0 ? std::max(columns, narrowest) - 1 : 0; }

std::string WordWrap::push(std::string_view text, std::string_view style) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\n') {
      if (!style_.empty()) out += plain;
      style_.clear();
      out += '\n';
      column_ = word_start_ = word_columns_ = 0;
      word_.clear();
      ++at;
      continue;
    }
    const std::size_t end = next_character(text, at);
    const std::string_view character =
        text[at] == '\t' ? std::string_view("    ") : text.substr(at, end - at);
    put(character, display_columns(character), style, out);
    at = end;
  }
  if (!style_.empty()) out += plain;
  if (!style_.empty() && !word_.empty()) word_ += plain;
  style_.clear();
  return out;
}

void WordWrap::new_row(std::string& out) {
  if (!style_.empty()) out += plain;
  out += '\n';
  out.append(static_cast<std::size_t>(std::min(indent_, columns_ / 2)), ' ');
  out += style_;
  column_ = std::min(indent_, columns_ / 2);
}

void WordWrap::put(std::string_view character, int width, std::string_view style, std::string& out) {
  const bool blank = character.front() == ' ';
  // Between wide characters a row may end anywhere.
  const bool ends_word = blank || width > 1;
  const bool fits = columns_ == 0 || column_ + width <= columns_;
  const bool at_row_start = column_ <= std::min(indent_, columns_ / 2);
  if (!fits && blank) {
    // The break stands for the blank.
    new_row(out);
    word_.clear();
    word_columns_ = 0;
    word_start_ = column_;
    return;
  }
  if (!fits && !at_row_start) {
    const bool moves = !ends_word && word_columns_ > 0 && word_start_ > std::min(indent_, columns_ / 2);
    if (moves) out += "\x1b[" + std::to_string(word_columns_) + "D\x1b[K";
    new_row(out);
    if (moves) {
      if (!style_.empty()) out += plain;
      out += word_;
      column_ += word_columns_;
      word_start_ = column_ - word_columns_;
    } else {
      word_.clear();
      word_columns_ = 0;
      word_start_ = column_;
    }
  }
  std::string shown;
  if (style_ != style) {
    if (!style_.empty()) shown += plain;
    shown += style;
    style_ = style;
  }
  shown += character;
  out += shown;
  column_ += width;
  if (ends_word) {
    word_.clear();
    word_columns_ = 0;
    word_start_ = column_;
  } else {
    // Written again, a word brings its colours along.
    if (word_.empty() && !style_.empty() && !shown.starts_with(style_)) word_ = style_;
    word_ += shown;
    word_columns_ += width;
  }
}

std::string wrapped(std::string_view text, int columns) {
  std::string all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (shown_columns(line) < columns || columns <= 0) {
      all += line;
    } else {
      const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
      const int usable = std::max(columns, narrowest) - 1;
      const int indent = std::min(static_cast<int>(first) + 2, usable / 2);
      int column = 0;
      for (std::size_t at = 0; at < line.size();) {
        // A word with the blanks before it.
        const std::size_t word = std::min(line.find_first_not_of(' ', at), line.size());
        const std::size_t next = std::min(line.find(' ', word), line.size());
        const int blanks = static_cast<int>(word - at);
        const int width = shown_columns(line.substr(word, next - word));
        if (word == line.size()) break;
        if (column > 0 && column + blanks + width > usable) {
          all += '\n';
          all.append(static_cast<std::size_t>(indent), ' ');
          column = indent;
        } else {
          all.append(static_cast<std::size_t>(blanks), ' ');
          column += blanks;
        }
        // A word longer than a row is cut where it must be.
        for (std::size_t c = word; c < next;) {
          const std::size_t after = next_shown(line, c);
          const int columns_of = shown_columns(line.substr(c, after - c));
          if (column + columns_of > usable) {
            all += '\n';
            all.append(static_cast<std::size_t>(indent), ' ');
            column = indent;
          }
          all += line.substr(c, after - c);
          column += columns_of;
          c = after;
        }
        at = next;
      }
    }
    if (end < text.size()) all += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

}  // namespace kelvin
