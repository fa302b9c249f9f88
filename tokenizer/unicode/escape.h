// Text of strangers for people: what must not be shown as it stands is spelled out. What that is, and how it is
// spelled, differs from an error to a page to Python's repr; the walk over the bytes is here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tokenizer/unicode/utf8.h"

namespace kelvin::unicode {

enum class HexCase { lower, upper };

// `value` in hexadecimal, with zeros in front where it has fewer than `digits` digits.
std::string hex(std::uint32_t value, int digits, HexCase letters = HexCase::lower);

// \xNN for every byte.
std::string escaped_bytes(std::string_view bytes, HexCase letters = HexCase::lower);

inline constexpr char32_t ill_formed = 0xFFFFFFFF;  // no character

// Appends `bytes` to `out` part by part, a character or what is none (code: ill_formed): the text that
// spell(code, part) gives instead, or the part itself where that is empty.
template <class Text, class Spell>
void append_escaped(Text& out, std::string_view bytes, Spell spell) {
  while (!bytes.empty()) {
    const Utf8Part front = utf8_part(bytes);
    const std::string_view part = bytes.substr(0, front.length);
    const char* at = part.data();
    const std::string spelled = spell(front.valid ? next_char(at) : ill_formed, part);
    out.append(spelled.empty() ? part : std::string_view(spelled));
    bytes.remove_prefix(front.length);
  }
}

}  // namespace kelvin::unicode
