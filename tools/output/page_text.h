// Text of strangers on a page of ours.
#pragma once

#include <string>
#include <string_view>

namespace kelvin {

// `bytes` with everything that is not plainly visible spelled out: bytes that are no UTF-8 as \xNN; control
// characters, those that change the direction of text, invisible ones and noncharacters as \u{N}; newline and
// tab as \n and \t. The result is valid UTF-8.
std::string visible_text(std::string_view bytes);

// A text of ours in the signs of pages and plots, where a terminal has letters: "beta* = inf" is "β* = ∞", "T -> 0+" is
// "T → 0⁺", "-0" is "0⁻", "+-" is "±". Words are changed whole.
std::string with_signs(std::string_view text);

// JSON made safe to stand within <script>: "<" spelled as an escape.
std::string json_for_script(std::string_view json);

}  // namespace kelvin
