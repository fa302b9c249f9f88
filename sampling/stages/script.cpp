#include "sampling/stages/script.h"

#include <algorithm>

#include "sampling/closest.h"
#include "tokenizer/user_error.h"

namespace kelvin::sampling {

namespace {

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// Bytes of the character that `lead` begins; 0 if it begins none.
std::size_t length_of(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
}

// A number of its own for each piece of a character: up to three bytes, a lead byte only in front.
constexpr std::size_t n_piece_keys = std::size_t{1} << 21;
std::size_t piece_key(std::string_view piece) {
  std::size_t key = 1;
  for (const char c : piece) {
    const auto byte = static_cast<unsigned char>(c);
    key = continues(c) ? key << 6 | (byte & 63) : key << 8 | byte;
  }
  return key;
}

std::string utf8(std::uint32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 63)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | (c >> 6)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xe0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

std::uint32_t decode(std::string_view character) {
  auto c = static_cast<std::uint32_t>(static_cast<unsigned char>(character[0]));
  if (character.size() == 1) return c;
  c &= 0x7fu >> character.size();
  for (const char byte : character.substr(1)) c = c << 6 | (static_cast<unsigned char>(byte) & 63u);
  return c;
}

}  // namespace

ScriptText::ScriptText(std::string_view script) : ranges_(ranges_of_script(script)), pieces_(n_piece_keys) {
  if (ranges_.empty()) {
    const std::string near = closest(script, script_names());
    throw UserError("unknown script \"" + std::string(script) + "\"" +
                    (near.empty() ? "; a Unicode script name such as Latin expected"
                                  : "; did you mean \"" + near + "\"?"));
  }
  for (const char* shared : {"Common", "Inherited"})
    for (const CodePointRange range : ranges_of_script(shared)) ranges_.push_back(range);
  std::sort(ranges_.begin(), ranges_.end(), [](auto a, auto b) { return a.first < b.first; });
  for (const auto [first, last] : ranges_)
    for (std::uint32_t c = std::max(first, 0x80u); c <= last; ++c) {
      const std::string form = utf8(c);
      for (std::size_t begin = 0; begin < form.size(); ++begin)
        for (std::size_t n = 1; begin + n <= form.size() && n < form.size(); ++n)
          pieces_[piece_key(std::string_view(form).substr(begin, n))] = true;
    }
}

bool ScriptText::holds(std::uint32_t c) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), c,
                                      [](auto value, auto range) { return value < range.first; });
  return after != ranges_.begin() && c <= std::prev(after)->last;
}

bool ScriptText::may_hold(std::string_view bytes) const {
  std::size_t at = 0;
  while (at < bytes.size() && continues(bytes[at])) ++at;
  if (at > 3 || (at > 0 && !pieces_[piece_key(bytes.substr(0, at))])) return false;
  while (at < bytes.size()) {
    const std::size_t length = length_of(bytes[at]);
    if (length == 0) return false;
    std::size_t n = 1;
    while (n < length && at + n < bytes.size() && continues(bytes[at + n])) ++n;
    if (n < length) return at + n == bytes.size() && pieces_[piece_key(bytes.substr(at, n))];
    if (!holds(decode(bytes.substr(at, length)))) return false;
    at += length;
  }
  return true;
}

}  // namespace kelvin::sampling
