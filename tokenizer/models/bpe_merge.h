// Byte-pair merging of one word (Sennrich, Haddow and Birch 2016): the pair with the lowest rank first, of
// equal ones the leftmost, until no pair is left that merges.
#pragma once

#include <vector>

#include "tokenizer/models/merge_table.h"

namespace kelvin::tokenizer {

// Merges `symbols` (n,) in place: quadratic but fast for short words, O(n log n) for long ones.
void merge_word(std::vector<int>& symbols, const MergeTable& table);

// The two ways, which give the same result.
void merge_short_word(std::vector<int>& symbols, const MergeTable& table);
void merge_long_word(std::vector<int>& symbols, const MergeTable& table);

}  // namespace kelvin::tokenizer
