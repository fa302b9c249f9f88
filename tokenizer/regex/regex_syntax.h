// Regular expressions in Oniguruma's Ruby syntax, read into a tree. Case-insensitivity, \p{..}, anchors and
// the like are resolved here, so that the tree knows only sets, sequences, alternatives, repeats and looks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/regex/char_set.h"

namespace kelvin {

// A pattern that is wrong or not supported; the text names the pattern and the place.
class RegexError : public TokenizerError {
 public:
  using TokenizerError::TokenizerError;
};

struct RegexOptions {
  bool ascii =
      false;  // \d, \s, \w, \b and [:name:] know ASCII alone, as in Ruby's (?a); \p{..} knows Unicode
};

namespace regex {

struct RegexNode {
  enum class Kind {
    sequence,     // of children; none: the empty match
    alternation,  // of children, the first that leads to a match wins
    set,          // one character of `set`
    repeat,       // children[0], min to max times
    edge,         // the next (ahead) or previous character is in `set`, or there is none and `border` holds
    look,         // children[0] matches ahead, or a stretch that ends here; `negated`: does not
    atomic,       // children[0], its first way of matching only
  };
  static constexpr unsigned unbounded = ~0u;

  Kind kind = Kind::sequence;
  std::vector<RegexNode> children;
  CharSet set;
  unsigned min = 0, max = 0;
  bool lazy = false;
  bool ahead = true, negated = false, border = false;
};

// Throws RegexError. Back references, absent operators, \G, \K and \X are refused.
RegexNode parse_regex(std::string_view pattern, RegexOptions options = {});

}  // namespace regex

}  // namespace kelvin
