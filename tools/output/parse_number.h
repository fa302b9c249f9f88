// Numbers out of text that a person wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kelvin {

// Whole-string conversions; nothing if the text is anything else. A real number may be "inf", "-inf", "1e5";
// not "nan".
std::optional<double> parse_real(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

}  // namespace kelvin
