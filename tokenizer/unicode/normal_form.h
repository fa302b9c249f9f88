// Unicode normalization forms (UAX 15) with the data of Unicode 9.0, as the reference has them.
#pragma once

#include <string>
#include <string_view>

namespace kelvin::unicode {

enum class NormalForm { nfc, nfd, nfkc, nfkd };

// `text` (well-formed) in the form asked for. Text that is in it already is only scanned.
std::string normalize(std::string_view text, NormalForm form);

}  // namespace kelvin::unicode
