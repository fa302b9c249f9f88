// A deterministic automaton for a regex program that looks at most one character beyond its match: one table
// look-up per character. States are lists of instructions in order of preference (leftmost-first, as
// backtracking has it).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/regex/regex_program.h"

namespace kelvin::regex {

class RegexAutomaton {
 public:
  // Absent if the program is not local, or would need too many states.
  static std::optional<RegexAutomaton> build(const RegexProgram& program);

  struct Outcome {
    std::size_t end;      // of the match; npos if there is none
    std::size_t scanned;  // up to where characters were read
  };
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  // The match that begins at byte `begin` of well-formed `text`.
  Outcome match(const RegexProgram& program, std::string_view text, std::size_t begin) const;

 private:
  static constexpr std::uint32_t accepts = 0x80000000;  // the match may end before this character
  static constexpr std::uint32_t dead = 0;
  std::uint32_t n_symbols_ = 0;             // classes, and one for the end of the text
  std::vector<std::uint32_t> transitions_;  // (states, n_symbols): next state, and `accepts`
  std::vector<std::uint32_t> start_;        // (n_symbols,): by the character before; the last: none
  std::uint8_t ascii_[128] = {};            // class of each
};

}  // namespace kelvin::regex
