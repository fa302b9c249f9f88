#include "tools/terminal/edit_buffer.h"

#include <algorithm>

#include "tools/terminal/display_width.h"

namespace kelvin {
namespace {

constexpr std::string_view quotes = "\"\"\"";

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t'; }

}  // namespace

void EditBuffer::set(std::string text) {
  text_ = std::move(text);
  cursor_ = text_.size();
}

void EditBuffer::insert(std::string_view text) {
  text_.insert(cursor_, text);
  cursor_ += text.size();
}

void EditBuffer::left() { cursor_ = previous_character(text_, cursor_); }
void EditBuffer::right() { cursor_ = next_character(text_, cursor_); }

void EditBuffer::word_left() {
  while (cursor_ > 0 && is_space(text_[cursor_ - 1])) --cursor_;
  while (cursor_ > 0 && !is_space(text_[cursor_ - 1])) --cursor_;
}

void EditBuffer::word_right() {
  while (cursor_ < text_.size() && is_space(text_[cursor_])) ++cursor_;
  while (cursor_ < text_.size() && !is_space(text_[cursor_])) ++cursor_;
}

std::size_t EditBuffer::start_of_line(std::size_t at) const {
  const std::size_t newline = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
  return newline == std::string::npos ? 0 : newline + 1;
}

std::size_t EditBuffer::end_of_line(std::size_t at) const {
  return std::min(text_.find('\n', at), text_.size());
}

void EditBuffer::line_start() { cursor_ = start_of_line(cursor_); }
void EditBuffer::line_end() { cursor_ = end_of_line(cursor_); }

void EditBuffer::move_to_line(std::size_t line_start) {
  std::size_t characters = 0;  // before the cursor in its line
  for (std::size_t at = start_of_line(cursor_); at < cursor_; at = next_character(text_, at)) ++characters;
  const std::size_t end = end_of_line(line_start);
  cursor_ = line_start;
  while (characters-- > 0 && cursor_ < end) right();
}

bool EditBuffer::up() {
  const std::size_t start = start_of_line(cursor_);
  if (start > 0) move_to_line(start_of_line(start - 1));
  return start > 0;
}

bool EditBuffer::down() {
  const std::size_t end = end_of_line(cursor_);
  if (end < text_.size()) move_to_line(end + 1);
  return end < text_.size();
}

void EditBuffer::erase_left() {
  const std::size_t begin = previous_character(text_, cursor_);
  text_.erase(begin, cursor_ - begin);
  cursor_ = begin;
}

void EditBuffer::erase_right() { text_.erase(cursor_, next_character(text_, cursor_) - cursor_); }

void EditBuffer::kill(std::size_t begin, std::size_t end) {
  if (begin < end) killed_ = text_.substr(begin, end - begin);
  text_.erase(begin, end - begin);
  cursor_ = begin;
}

void EditBuffer::kill_word_left() {
  const std::size_t end = cursor_;
  word_left();
  kill(cursor_, end);
}

void EditBuffer::kill_to_line_start() { kill(start_of_line(cursor_), cursor_); }

void EditBuffer::kill_to_line_end() {
  const std::size_t end = end_of_line(cursor_);
  // At the end of a line its newline goes, as in other editors.
  kill(cursor_, end == cursor_ && end < text_.size() ? end + 1 : end);
}

bool wants_another_line(std::string_view text) {
  if (text.starts_with(quotes)) return text.size() < 2 * quotes.size() || !text.ends_with(quotes);
  return text.ends_with('\\');
}

std::string without_quotes(std::string_view text) {
  if (!text.starts_with(quotes) || wants_another_line(text)) return std::string(text);
  text = text.substr(quotes.size(), text.size() - 2 * quotes.size());
  if (text.starts_with('\n')) text.remove_prefix(1);
  if (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace kelvin
