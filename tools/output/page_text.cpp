#include "tools/output/page_text.h"

#include "tokenizer/unicode/escape.h"
#include "tokenizer/unicode/properties.h"

namespace kelvin {

std::string visible_text(std::string_view bytes) {
  std::string out;
  unicode::append_escaped(out, bytes, [](char32_t code, std::string_view part) -> std::string {
    if (code == unicode::ill_formed) return unicode::escaped_bytes(part, unicode::HexCase::upper);
    if (code == '\n') return "\\n";
    if (code == '\t') return "\\t";
    if (unicode::is_visible(code)) return {};
    return "\\u{" + unicode::hex(code, 1, unicode::HexCase::upper) + "}";
  });
  return out;
}

std::string json_for_script(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) c == '<' ? out += "\\u003c" : out += c;
  return out;
}

}  // namespace kelvin
