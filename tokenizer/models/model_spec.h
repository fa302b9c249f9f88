// What a tokenizer file says about its model and the tokens beside it, as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kelvin {

struct BpeMerge {
  int left = 0, right = 0, merged = 0;  // ids
};
struct BpeSpec {
  std::vector<BpeMerge> merges;  // the first has the highest priority
  // By merge, ascending: those of one rank are equals, and the leftmost goes first. Empty: each has its own.
  std::vector<std::uint32_t> ranks;
  std::string unk_token;  // empty: none
  bool fuse_unk = false;
  bool byte_fallback = false;  // characters without a token become <0xNN> tokens
  bool ignore_merges = false;  // a word that is a token is taken whole
  std::vector<int> whole;      // ids, ascending: so are these, whatever merges
  std::string continuing_subword_prefix, end_of_word_suffix;
};
// How far below the least likely piece an unknown one is, as SentencePiece has it.
inline constexpr double unk_penalty = 10.0;

struct UnigramSpec {
  std::vector<double> scores;  // by id: log-probabilities; -infinity: not found in text
  int unk_id = -1;             // -1: none
  bool byte_fallback = false;
  // Sums are float, and unknown characters in a row are no token whatever they spell.
  bool is_sentencepiece = false;
  std::optional<double> unk_score{};  // default: 10 below the lowest score
};
using ModelSpec = std::variant<BpeSpec, UnigramSpec>;

struct AddedToken {
  std::string content;
  int id = 0;
  bool single_word = false;             // only where no word character touches it
  bool lstrip = false, rstrip = false;  // takes the whitespace before, behind
  bool normalized = true;               // looked for in normalised text
  bool special = false;
};

}  // namespace kelvin
