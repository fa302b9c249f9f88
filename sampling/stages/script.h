// Which UTF-8 bytes can be part of a text in one Unicode script.
#pragma once

#include <string_view>
#include <vector>

#include "tokenizer/unicode/tables.h"

namespace kelvin::sampling {

class ScriptText {
 public:
  // The characters of the script of that long name ("Latin", "Old Italic"; case, blanks, '-' and '_' aside), with
  // those of Common and Inherited: marks, digits, punctuation, spaces. They are the ones of the tokenizer's \p{Latin}.
  // Throws UserError for an unknown name, with the closest known one.
  explicit ScriptText(std::string_view script);

  // True if some text in this script holds these bytes: whole characters are of the script; at both ends,
  // bytes of a character that is cut can be completed to one.
  bool may_hold(std::string_view bytes) const;

 private:
  std::vector<unicode::Range> ranges_;  // ascending, apart
  std::vector<bool> pieces_;            // by piece_key: all proper pieces of the characters' UTF-8 forms
};

}  // namespace kelvin::sampling
