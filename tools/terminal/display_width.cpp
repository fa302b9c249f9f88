#include "tools/terminal/display_width.h"

#include "tokenizer/unicode/utf8.h"
#include "tokenizer/unicode/width.h"

namespace kelvin {
namespace {

// The code point at `at`, which moves behind it; a byte that begins none counts by itself.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  if (unicode::utf8_length(text.substr(at)) > 0) return unicode::next_char(text, at);
  return static_cast<unsigned char>(text[at++]);
}

}  // namespace

std::size_t next_character(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  next_code_point(text, at);
  for (std::size_t next = at; next < text.size(); at = next)
    if (unicode::columns_of(next_code_point(text, next)) != 0) break;
  return at;
}

std::size_t previous_character(std::string_view text, std::size_t at) {
  while (at > 0) {
    at = unicode::last_char_begin(text.substr(0, at));
    std::size_t end = at;
    if (unicode::columns_of(next_code_point(text, end)) != 0) break;
  }
  return at;
}

int display_columns(std::string_view text) {
  int columns = 0;
  for (std::size_t at = 0; at < text.size();) columns += unicode::columns_of(next_code_point(text, at));
  return columns;
}

std::string typed_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = unicode::utf8_length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (length == 0)
      out += "\xEF\xBF\xBD";
    else if (length > 1 || (byte >= 0x20 && byte != 0x7F) || byte == '\n' || byte == '\t')
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace kelvin
