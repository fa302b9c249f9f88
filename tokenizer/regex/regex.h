// Searching text for a regular expression (Oniguruma's Ruby syntax) or a literal, in time linear in the text
// for every pattern: a deterministic automaton where the pattern allows one, a table otherwise and where the
// automaton would have to read the same characters again and again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/regex/regex_automaton.h"
#include "tokenizer/regex/regex_program.h"

namespace kelvin {

struct RegexMatch {
  std::size_t begin, end;  // bytes
};

class Regex {
 public:
  explicit Regex(std::string_view pattern);      // throws RegexError
  explicit Regex(const regex::RegexNode& tree);  // throws RegexError if it is too large
  static Regex literal(std::string_view text);   // matches `text` itself; throws RegexError if it is empty

  // Appends the matches in well-formed `text` from left to right, none overlapping. An empty match directly
  // behind another match does not count.
  void find_all(std::string_view text, std::vector<RegexMatch>& matches) const;
  std::vector<RegexMatch> find_all(std::string_view text) const;

  // The characters read so far beyond those of the text, for tests of linearity: at most a small multiple of
  // it.
  struct Effort {
    std::size_t scanned = 0;  // characters' bytes by the automaton
    bool used_table = false;
  };
  Effort find_all(std::string_view text, std::vector<RegexMatch>& matches, bool allow_automaton) const;

 private:
  Regex() = default;
  std::string literal_;
  std::shared_ptr<const regex::RegexProgram> program_;  // null: the literal
  std::shared_ptr<const regex::RegexAutomaton> automaton_;
};

// Whether a text as a whole is a match of a pattern.
class RegexFullMatch {
 public:
  explicit RegexFullMatch(std::string_view pattern, RegexOptions options = {});  // throws RegexError

  bool operator()(std::string_view text) const;  // `text` is well-formed

 private:
  Regex anchored_;
};

}  // namespace kelvin
