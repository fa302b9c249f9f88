// The parts of regular-expression syntax below atoms: characters, escapes and bracketed classes.
#pragma once

#include <string_view>

#include "tokenizer/regex/char_set.h"

namespace kelvin::regex {

// Walks over a pattern. Throws RegexError with the pattern and the place.
class RegexReader {
 public:
  RegexReader(std::string_view pattern, bool ascii);  // refuses what is not UTF-8, or longer than 64 KiB

  // What \d, \s, \w and [:name:] stand for: `set`, or what of it is ASCII.
  CharSet known(const CharSet& set) const { return ascii_ ? set.intersected(CharSet(0, 0x7F)) : set; }

  bool at_end() const { return at_ == pattern_.size(); }
  char32_t peek() const;  // 0 at the end
  char32_t next(std::string_view problem_at_end);
  char32_t last() const { return last_; }
  bool take(char32_t wanted);
  bool take(std::string_view wanted);
  bool take_number(unsigned& number);  // decimal, at most 100000
  std::size_t position() const { return at_; }
  void rewind(std::size_t position) { at_ = position; }
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  std::string_view pattern_;
  bool ascii_;
  std::size_t at_ = 0;
  char32_t last_ = 0;
};

// Behind a backslash: \d \s \w \h \p{..} and their opposites. False, and nothing read, if it is something
// else.
bool read_set_escape(RegexReader& reader, bool in_class, CharSet& set);

// Behind a backslash: a character, by number or by name.
char32_t read_char_escape(RegexReader& reader);

// Behind '[': the class up to its ']', without the negation of the whole, which goes to `negated`.
CharSet read_char_class(RegexReader& reader, bool& negated, int depth = 0);

}  // namespace kelvin::regex
