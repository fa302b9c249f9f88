// Names of characters, for \N{...} in strings: those of Latin, of punctuation, arrows and a few signs.
#pragma once

#include <optional>
#include <string_view>

namespace kelvin::jinja {

std::optional<char32_t> character_named(std::string_view name);

}  // namespace kelvin::jinja
