// Properties of characters, each in the version of Unicode that README.md says for its purpose.
#pragma once

#include <cstdint>

#include "tokenizer/unicode/tables.h"

namespace kelvin::unicode {

// General_Category, in the order of the tables.
enum class Category : std::uint8_t {
  // clang-format off
  Cn, Lu, Ll, Lt, Lm, Lo, Mn, Mc, Me, Nd, Nl, No, Pc, Pd,
  Ps, Pe, Pi, Pf, Po, Sm, Sc, Sk, So, Zs, Zl, Zp, Cc, Cf, Cs, Co
  // clang-format on
};

inline std::uint8_t record_of(char32_t code) {
  return tables::records[tables::block_of[code / 128]][code % 128];
}

inline Category category(char32_t code) { return static_cast<Category>(record_of(code) & 31); }  // 16.0

bool is_whitespace(char32_t code);   // White_Space
bool is_word(char32_t code);         // \w of UTS 18: Alphabetic, M, Nd, Pc, Join_Control; 16.0
bool is_number(char32_t code);       // N; 17.0
bool is_punctuation(char32_t code);  // P of 8.0, and ASCII $+<=>^`|~
bool is_mark(char32_t code);         // M; 9.0
bool is_nonspacing(char32_t code);   // Mn; 9.0

bool is_letter(char32_t code);     // L; 16.0
bool is_uppercase(char32_t code);  // Uppercase; 16.0
bool is_lowercase(char32_t code);  // Lowercase; 16.0

// C0, DEL and C1: what a terminal may act on.
inline bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }
// A reader sees something of it or the room it takes: no control or format character, no separator of lines or
// paragraphs, nothing unassigned or for private use; 16.0.
bool is_visible(char32_t code);

}  // namespace kelvin::unicode
