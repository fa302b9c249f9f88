// The tables that make_tables.py writes into *_tables.cpp; the other headers of this folder give them their meaning.
// A name ends in the version of Unicode that the table holds. All are sorted by their first member.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kelvin::unicode {

struct Range {
  char32_t first, last;
  bool operator==(const Range&) const = default;
};

namespace tables {

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
// A character that becomes several; 0 ends those that are fewer than three.
struct CaseExpansion {
  char32_t first;
  char32_t to[3];
};
// Each of first..last has n_canonical then n_compatible code points of `decomposed_9`, from `begin` on. None of
// a kind: that decomposition is the character itself, or (compatible) the same as the canonical one.
struct Decomposition {
  char32_t first, last;
  std::uint16_t begin;
  std::uint8_t n_canonical, n_compatible;
};
struct Composition {
  char32_t first, second, composed;
};
struct ScriptName {
  const char *code, *name;  // four letters; long
};

// records[block_of[c / 128]][c % 128]: bits 0-4 the category (16.0); of normal forms (9.0) 32: NFC, 64: NFD,
// 128: NFKD and NFKC must look at it.
extern const std::uint16_t block_of[0x2200];
extern const std::uint8_t records[][128];

extern const std::span<const Range> punctuation_8, marks_9, nonspacing_9, numbers_17;
// Derived properties beyond those of the category: Alphabetic beside L and Nl, Uppercase beside Lu, Lowercase
// beside Ll.
extern const std::span<const Range> other_alphabetic_16, other_uppercase_16, other_lowercase_16;

extern const std::span<const ClassRange> scripts_16;  // value: index in script_names_16
extern const std::span<const ScriptName> script_names_16;
extern const std::span<const ClassRange> scripts_9;  // values that are equal or not, as script_runs.h has it

extern const std::span<const CaseRange> folding_16;   // simple
extern const std::span<const Range> long_folding_16;  // full folding gives several characters
extern const std::span<const CaseRange> upper_17, lower_17, title_17;
extern const std::span<const CaseExpansion> upper_expansions_17, lower_expansions_17, title_expansions_17;

extern const std::span<const ClassRange> combining_classes_9;
extern const char32_t decomposed_9[];
extern const std::span<const Decomposition> decompositions_9;
extern const std::span<const Composition> compositions_9;  // by first, then second

extern const std::span<const ClassRange> grapheme_breaks_17;  // values of GraphemeBreak
extern const std::span<const Range> zero_width_17, wide_17;

// The row with code in first..last, nullptr if there is none.
template <class Row>
const Row* row_of(std::span<const Row> rows, char32_t code) {
  const auto after = std::upper_bound(rows.begin(), rows.end(), code,
                                      [](char32_t value, const Row& row) { return value < row.first; });
  return after != rows.begin() && code <= after[-1].last ? &after[-1] : nullptr;
}

}  // namespace tables

}  // namespace kelvin::unicode
