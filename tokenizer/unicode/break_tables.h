// The generated tables (make_break_tables.py). grapheme.h and script_runs.h give them their meaning.
#pragma once

#include <cstddef>

#include "tokenizer/unicode/unicode_tables.h"

namespace kelvin::break_tables {

using unicode_tables::ClassRange;

// Ascending; characters that are in no range have no class.
extern const ClassRange grapheme_breaks[], scripts_of_9[];
extern const std::size_t grapheme_breaks_count, scripts_of_9_count;

// The class of a character, 0 or -1 and so on as `otherwise` where it has none.
int class_of(const ClassRange* ranges, std::size_t count, char32_t code, int otherwise);

}  // namespace kelvin::break_tables
