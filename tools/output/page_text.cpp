#include "tools/output/page_text.h"

#include <cstdio>

#include "loaders/files/utf8.h"
#include "tokenizer/unicode/unicode.h"

namespace kelvin {
namespace {

char32_t code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  char32_t code = lead & (0xFFu >> (character.size() + 1));
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return code;
}

bool shows_itself(char32_t code) {
  switch (category(code)) {
    case Category::Cc:
    case Category::Cf:
    case Category::Cn:
    case Category::Co:
    case Category::Cs:
    case Category::Zl:
    case Category::Zp:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::string visible_text(std::string_view bytes) {
  std::string out;
  char escape[16];
  for (std::size_t at = 0; at < bytes.size();) {
    const int length = utf8_length(bytes.data() + at, bytes.size() - at);
    if (length == 0) {
      std::snprintf(escape, sizeof escape, "\\x%02X", static_cast<unsigned char>(bytes[at]));
      out += escape;
      ++at;
      continue;
    }
    const std::string_view character = bytes.substr(at, static_cast<std::size_t>(length));
    const char32_t code = code_point(character);
    if (code == '\n') {
      out += "\\n";
    } else if (code == '\t') {
      out += "\\t";
    } else if (shows_itself(code)) {
      out += character;
    } else {
      std::snprintf(escape, sizeof escape, "\\u{%X}", static_cast<unsigned>(code));
      out += escape;
    }
    at += character.size();
  }
  return out;
}

std::string json_for_script(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) c == '<' ? out += "\\u003c" : out += c;
  return out;
}

}  // namespace kelvin
