// Finds added tokens in text: leftmost, and of those the longest, before anything else looks at it.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/models/model_spec.h"
#include "tokenizer/pipeline/literal_trie.h"

namespace kelvin::tokenizer {

// A stretch of text that is an added token, or one between them (id -1).
struct Segment {
  std::size_t begin, end;
  int id;
};

class AddedTokenFinder {
 public:
  static constexpr std::size_t length_limit = 1024;  // bytes of one token: bounds the time per byte of text

  AddedTokenFinder() = default;
  // Looks for `spellings[i]` (none empty; the first of equal ones counts), which stands for `tokens[i]`.
  AddedTokenFinder(std::vector<AddedToken> tokens, const std::vector<std::string>& spellings);

  bool empty() const { return tokens_.empty(); }
  std::vector<Segment> split(std::string_view text) const;

 private:
  std::vector<AddedToken> tokens_;
  LiteralTrie trie_;
  std::bitset<65536> pairs_;  // first two bytes that may begin a token
};

}  // namespace kelvin::tokenizer
