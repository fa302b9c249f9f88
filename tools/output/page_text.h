// Text of strangers on a page of ours.
#pragma once

#include <string>
#include <string_view>

namespace kelvin {

// `bytes` with everything that is not plainly visible spelled out: bytes that are no UTF-8 as \xNN; control
// characters, those that change the direction of text, invisible ones and noncharacters as \u{N}; newline and
// tab as \n and \t. The result is valid UTF-8.
std::string visible_text(std::string_view bytes);

// JSON made safe to stand within <script>: "<" spelled as an escape.
std::string json_for_script(std::string_view json);

}  // namespace kelvin
