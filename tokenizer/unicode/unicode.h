// Properties of characters, each in the Unicode version that the reference uses for it
// (make_unicode_tables.py).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/unicode/unicode_tables.h"

namespace kelvin {

// General_Category, in the order of the tables.
enum class Category : std::uint8_t {
  Cn,
  Lu,
  Ll,
  Lt,
  Lm,
  Lo,
  Mn,
  Mc,
  Me,
  Nd,
  Nl,
  No,
  Pc,
  Pd,
  Ps,
  Pe,
  Pi,
  Pf,
  Po,
  Sm,
  Sc,
  Sk,
  So,
  Zs,
  Zl,
  Zp,
  Cc,
  Cf,
  Cs,
  Co,
};

inline std::uint8_t unicode_record(char32_t code) {
  return unicode_tables::records[unicode_tables::block_of[code / 128]][code % 128];
}

inline Category category(char32_t code) { return static_cast<Category>(unicode_record(code) & 31); }  // 16.0

bool is_whitespace(char32_t code);   // White_Space
bool is_word(char32_t code);         // \w of UTS 18: Alphabetic, M, Nd, Pc, Join_Control; 16.0
bool is_number(char32_t code);       // N; 17.0
bool is_punctuation(char32_t code);  // P of 8.0, and ASCII $+<=>^`|~
bool is_mark(char32_t code);         // M; 9.0
bool is_nonspacing(char32_t code);   // Mn; 9.0

// Appends the full lower-case mapping without regard to context.
char32_t lower_case(char32_t code);  // simple mapping of 17.0

using CodeRange = unicode_tables::Range;

// Characters that simple case folding makes equal to `code`, itself included; 16.0.
std::vector<char32_t> case_variants(char32_t code);
// True if full case folding maps `code` to several characters.
bool folds_to_several(char32_t code);

// The characters of a script by its long or four-letter name, case, blanks, '-' and '_' aside; 16.0.
std::optional<std::vector<CodeRange>> script_ranges(std::string_view name);

}  // namespace kelvin
