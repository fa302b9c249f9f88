// A pattern of a tokenizer file.
#pragma once

#include <memory>
#include <string_view>

namespace kelvin {

class Regex;

// A literal, or a regular expression in Oniguruma's Ruby syntax. It is read where it is made, so that the loader can
// name the place of an error, and compiled once: at the first use of it or of a copy, on whatever thread that is.
class Pattern {
 public:
  // Throws RegexError if `text` is not such an expression; of literals, if it is empty.
  Pattern(std::string_view text, bool is_regex);

  const Regex& regex() const;  // throws RegexError if it is too large when compiled

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace kelvin
