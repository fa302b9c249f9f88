// A set of code points as sorted, disjoint, non-touching ranges.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/unicode/tables.h"

namespace kelvin::regex {

class CharSet {
 public:
  static constexpr char32_t last_code = 0x10FFFF;

  CharSet() = default;
  CharSet(char32_t first, char32_t last) : ranges_{{first, last}} {}
  static CharSet of(std::vector<unicode::Range> ranges);  // in any order

  void add(const CharSet& other);
  CharSet inverted() const;
  CharSet intersected(const CharSet& other) const;
  CharSet with_case_variants() const;  // closed under simple case folding

  bool contains(char32_t code) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<unicode::Range>& ranges() const { return ranges_; }
  bool operator==(const CharSet& other) const = default;

 private:
  std::vector<unicode::Range> ranges_;
};

// A property as \p{..} and [:..:] name it: categories, scripts, the POSIX classes and a few more, by
// Oniguruma's names. Empty if unknown.
std::optional<CharSet> property_set(std::string_view name);

CharSet digit_set();  // \d: Nd
CharSet space_set();  // \s: White_Space
CharSet word_set();   // \w as Oniguruma has it: Alphabetic, M, Nd, Pc and six numbers of Latin-1

}  // namespace kelvin::regex
