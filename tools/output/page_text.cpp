#include "tools/output/page_text.h"

#include <algorithm>
#include <iterator>
#include <utility>

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

std::string with_signs(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> signs[] = {
      {"beta", "β"}, {"beta*", "β*"}, {"inf", "∞"}, {"-inf", "-∞"},
      {"0+", "0⁺"},  {"-0", "0⁻"},    {"+-", "±"},  {"->", "→"}};
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" (),:;=/\n"), text.size());
    const std::string_view word = text.substr(0, end);
    const auto sign =
        std::find_if(std::begin(signs), std::end(signs), [&](const auto& s) { return s.first == word; });
    out += sign == std::end(signs) ? word : sign->second;
    if (end < text.size()) out += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
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
