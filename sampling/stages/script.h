// Which UTF-8 bytes can be part of a text in one Unicode script.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin::sampling {

struct CodePointRange {
  std::uint32_t first, last;
};

// The code points of a script by its Unicode name ("Latin", "Common"); empty if there is none. Generated, see
// make_script_tables.pl.
std::vector<CodePointRange> ranges_of_script(std::string_view name);
std::vector<std::string> script_names();

class ScriptText {
 public:
  // The script's characters with those of Common and Inherited (marks, digits, punctuation, spaces). Throws
  // UserError for an unknown name, with the closest known one.
  explicit ScriptText(std::string_view script);

  // True if some text in this script holds these bytes: whole characters are of the script; at both ends,
  // bytes of a character that is cut can be completed to one.
  bool may_hold(std::string_view bytes) const;

 private:
  bool holds(std::uint32_t code_point) const;
  std::vector<CodePointRange> ranges_;  // ascending, apart
  std::vector<bool> pieces_;            // by piece_key: all proper pieces of the characters' UTF-8 forms
};

}  // namespace kelvin::sampling
