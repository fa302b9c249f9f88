// The layout of the generated tables in character_tables.cpp; all are sorted by their first member.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kelvin::jinja {

// From `first` up to the next range's first, characters have the properties `flags` (see characters.cpp).
struct CharacterRange {
  char32_t first;
  std::uint8_t flags;
};

// first, first + stride, ..., last change case by adding `delta`.
struct CaseRun {
  char32_t first, last;
  std::int32_t stride, delta;
};

// A character that becomes several; UTF-8.
struct CaseExpansion {
  char32_t code;
  const char* text;
};

extern const CharacterRange character_ranges[];
extern const std::size_t character_ranges_size;
extern const CaseRun upper_runs[], lower_runs[], title_runs[];
extern const std::size_t upper_runs_size, lower_runs_size, title_runs_size;
extern const CaseExpansion upper_expansions[], lower_expansions[], title_expansions[];
extern const std::size_t upper_expansions_size, lower_expansions_size, title_expansions_size;

}  // namespace kelvin::jinja
