#include "tokenizer/unicode/escape.h"

namespace kelvin::unicode {

std::string hex(std::uint32_t value, int digits, HexCase letters) {
  const char* const symbols = letters == HexCase::upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4)
    if (shift < 4 * digits || value >> shift != 0) text += symbols[value >> shift & 15];
  return text;
}

std::string escaped_bytes(std::string_view bytes, HexCase letters) {
  std::string text;
  for (const char byte : bytes) text += "\\x" + hex(static_cast<unsigned char>(byte), 2, letters);
  return text;
}

}  // namespace kelvin::unicode
