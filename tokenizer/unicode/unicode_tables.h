// The generated tables (make_unicode_tables.py). unicode.h and normal_form.h give them their meaning.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kelvin::unicode_tables {

struct Range {
  char32_t first, last;
};
struct ClassRange {
  char32_t first, last;
  std::uint8_t value;
};
// Every step-th character from first to last maps to itself plus shift.
struct CaseRange {
  char32_t first, last;
  std::uint8_t step;
  std::int32_t shift;
};
// Each of first..last has n_canonical then n_compatible code points of `decomposed`, from `begin` on. None of
// a kind: that decomposition is the character itself, or (compatible) the same as the canonical one.
struct Decomposition {
  char32_t first, last;
  std::uint16_t begin;
  std::uint8_t n_canonical, n_compatible;
};
struct Composition {
  char32_t first, second, composed;
};

// records[block_of[c / 128]][c % 128]: bits 0-4 the category; 32: NFC, 64: NFD, 128: NFKD and NFKC must look
// at it.
extern const std::uint16_t block_of[0x2200];
extern const std::uint8_t records[][128];

extern const Range punctuation8[], marks9[], nonspacing9[], numbers17[], long_folding[];
extern const std::size_t punctuation8_count, marks9_count, nonspacing9_count, numbers17_count,
    long_folding_count;
// Derived properties beyond those of the category: beside L and Nl, beside Lu, beside Ll.
extern const Range other_alphabetic[], other_uppercase[], other_lowercase[];
extern const std::size_t other_alphabetic_count, other_uppercase_count, other_lowercase_count;
extern const ClassRange combining_classes[], scripts[];
extern const std::size_t combining_classes_count, scripts_count;
extern const char32_t decomposed[];
extern const Decomposition decompositions[];
extern const std::size_t decompositions_count;
extern const Composition compositions[];  // by first, then second
extern const std::size_t compositions_count;
extern const CaseRange simple_folding[], lowercase[];
extern const std::size_t simple_folding_count, lowercase_count;
extern const char* const script_names[][2];  // four letters, long name
extern const std::size_t script_names_count;

}  // namespace kelvin::unicode_tables
