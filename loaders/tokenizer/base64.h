// Base64 (RFC 4648): bytes in JSON and text files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kelvin {

std::string to_base64(std::string_view bytes);

// Nothing if `text` is not base64 with its padding: stray characters, wrong length, bits behind the end.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace kelvin
