// A regular expression as a graph of instructions without empty cycles, and the alphabet it distinguishes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tokenizer/regex/regex_syntax.h"

namespace kelvin::regex {

// Code points by equivalence: two of one class are members of the same sets of the pattern.
class RegexAlphabet {
 public:
  RegexAlphabet() = default;
  explicit RegexAlphabet(const std::vector<CharSet>& sets);

  int n_classes() const { return static_cast<int>(members_.size()); }
  int class_of(char32_t code) const { return blocks_[block_of_[code / 128]][code % 128]; }
  bool contains(int set, int symbol) const {
    return members_[static_cast<std::size_t>(symbol)][static_cast<std::size_t>(set)];
  }

 private:
  std::vector<std::uint16_t> block_of_;  // (0x2200,)
  std::vector<std::array<std::uint8_t, 128>> blocks_;
  std::vector<std::vector<bool>> members_;  // (n_classes, sets)
};

struct RegexInstruction {
  enum class Op : std::uint8_t {
    accept,
    set,          // a character of `set`, then `next`
    split,        // `next`, or else `other`
    edge,         // the neighbour is in `set` (or absent and `border`), then `next`
    look_ahead,   // the program at `other` accepts (or not: negated), then `next`
    look_behind,  // `look` in RegexProgram::behind holds (or not), then `next`
    atomic,       // the program at `other` accepts; from its end `next`, or `empty_next` if that is here
  };
  Op op = Op::accept;
  bool ahead = false, border = false, negated = false;
  int set = -1;
  int next = -1, other = -1, empty_next = -1;
};

struct RegexProgram {
  explicit RegexProgram(const RegexNode& tree);  // throws RegexError if it grows too large

  std::vector<RegexInstruction> code;
  std::vector<int> order;   // of all instructions: those reached without a character come first
  std::vector<int> behind;  // entry of each look-behind's program
  std::vector<CharSet> sets;
  RegexAlphabet alphabet;
  int start = 0;
  bool local = true;  // sees at most one character beyond a match: no looks, nothing atomic
};

}  // namespace kelvin::regex
