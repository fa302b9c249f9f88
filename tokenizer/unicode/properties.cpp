#include "tokenizer/unicode/properties.h"

namespace kelvin::unicode {

bool is_whitespace(char32_t code) {
  if (code < 0x80) return code == ' ' || (code >= 9 && code <= 13);
  const Category kind = category(code);
  return kind == Category::Zs || kind == Category::Zl || kind == Category::Zp || code == 0x85;
}

bool is_word(char32_t code) {
  const Category kind = category(code);
  if ((kind >= Category::Lu && kind <= Category::Nl) || kind == Category::Pc) return true;  // L, M, Nd, Nl
  // Other_Alphabetic among the symbols: circled, squared and negative letters.
  return (code >= 0x24B6 && code <= 0x24E9) || (code >= 0x1F130 && code <= 0x1F149) ||
         (code >= 0x1F150 && code <= 0x1F169) || (code >= 0x1F170 && code <= 0x1F189) || code == 0x200C ||
         code == 0x200D;
}

bool is_number(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  return tables::row_of(tables::numbers_17, code) != nullptr;
}

bool is_punctuation(char32_t code) {
  if (code < 0x80)
    return (code >= '!' && code <= '/') || (code >= ':' && code <= '@') || (code >= '[' && code <= '`') ||
           (code >= '{' && code <= '~');
  return tables::row_of(tables::punctuation_8, code) != nullptr;
}

bool is_mark(char32_t code) { return code >= 0x300 && tables::row_of(tables::marks_9, code) != nullptr; }

bool is_nonspacing(char32_t code) {
  return code >= 0x300 && tables::row_of(tables::nonspacing_9, code) != nullptr;
}

bool is_letter(char32_t code) {
  const Category kind = category(code);
  return kind >= Category::Lu && kind <= Category::Lo;
}

bool is_uppercase(char32_t code) {
  return category(code) == Category::Lu || tables::row_of(tables::other_uppercase_16, code) != nullptr;
}

bool is_lowercase(char32_t code) {
  return category(code) == Category::Ll || tables::row_of(tables::other_lowercase_16, code) != nullptr;
}

bool is_visible(char32_t code) {
  const Category kind = category(code);
  return kind != Category::Cn && kind < Category::Zl;
}

}  // namespace kelvin::unicode
