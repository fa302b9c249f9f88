#include "loaders/files/load_error.h"

#include <algorithm>

#include "tokenizer/unicode/escape.h"
#include "tokenizer/unicode/properties.h"

namespace kelvin {

std::string printable(std::string_view text, std::size_t limit) {
  std::size_t end = 0;
  while (end < std::min(limit, text.size())) end += unicode::utf8_part(text.substr(end)).length;
  std::string shown;
  unicode::append_escaped(shown, text.substr(0, end), [](char32_t code, std::string_view part) {
    // Control characters: terminals may act on them.
    const bool hidden = code == unicode::ill_formed || unicode::is_control(code);
    return hidden ? unicode::escaped_bytes(part) : std::string();
  });
  return end < text.size() ? shown + "..." : shown;
}

std::string path_text(const std::filesystem::path& path) {
  return printable(path.native(), path.native().size());
}

std::string in_quotes(std::string_view text, std::size_t limit) {
  return std::string("\"").append(printable(text, limit)).append("\"");
}

}  // namespace kelvin
