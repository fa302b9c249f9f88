#include "tools/terminal/display_width.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "loaders/files/utf8.h"

namespace kelvin {
namespace {

struct Range {
  std::uint32_t first, last;
};

// Unicode's East Asian Width W and F, rounded to blocks, and the emoji that terminals draw two columns wide.
constexpr Range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x2705, 0x2705},
    {0x270A, 0x270B},   {0x2728, 0x2728},   {0x274C, 0x274C},   {0x2753, 0x2755},   {0x2795, 0x2797},
    {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F18E, 0x1F19A}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
    {0x1F7E0, 0x1F7EB}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

// Combining marks, joiners and variation selectors of the scripts in wide use.
constexpr Range zero[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},   {0x05C1, 0x05C2},   {0x0610, 0x061A},
    {0x064B, 0x065F}, {0x0670, 0x0670}, {0x06D6, 0x06DC},   {0x093C, 0x093C},   {0x0941, 0x0948},
    {0x094D, 0x094D}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A},   {0x0E47, 0x0E4E},   {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E},   {0x2060, 0x2064},   {0x20D0, 0x20F0},
    {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0x1F3FB, 0x1F3FF}, {0xE0100, 0xE01EF},
};

template <std::size_t N>
bool contains(const Range (&ranges)[N], std::uint32_t code) {
  const Range* found = std::upper_bound(std::begin(ranges), std::end(ranges), code,
                                        [](std::uint32_t c, const Range& range) { return c < range.first; });
  return found != std::begin(ranges) && code <= std::prev(found)->last;
}

int length_at(std::string_view text, std::size_t at) {
  return std::max(1, utf8_length(text.data() + at, text.size() - at));
}

}  // namespace

int code_point_columns(std::string_view text) {
  const int length = length_at(text, 0);
  const auto byte = [&](int i) { return static_cast<unsigned char>(text[static_cast<std::size_t>(i)]); };
  std::uint32_t code = length == 1 ? byte(0) : byte(0) & (0xFFu >> (length + 1));
  for (int i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3Fu);
  if (contains(zero, code)) return 0;
  return contains(wide, code) ? 2 : 1;
}

std::size_t next_character(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  do at += static_cast<std::size_t>(length_at(text, at));
  while (at < text.size() && code_point_columns(text.substr(at)) == 0);
  return at;
}

std::size_t previous_character(std::string_view text, std::size_t at) {
  while (at > 0) {
    do --at;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
    if (code_point_columns(text.substr(at)) != 0) break;
  }
  return at;
}

int display_columns(std::string_view text) {
  int columns = 0;
  for (std::size_t at = 0; at < text.size(); at += static_cast<std::size_t>(length_at(text, at)))
    columns += code_point_columns(text.substr(at));
  return columns;
}

std::string typed_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const int length = utf8_length(text.data() + at, text.size() - at);
    const unsigned char byte = static_cast<unsigned char>(text[at]);
    if (length == 0)
      out += "\xEF\xBF\xBD";
    else if (length > 1 || (byte >= 0x20 && byte != 0x7F) || byte == '\n' || byte == '\t')
      out += text.substr(at, static_cast<std::size_t>(length));
    at += static_cast<std::size_t>(std::max(1, length));
  }
  return out;
}

}  // namespace kelvin
