#include "tokenizer/jinja/characters.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "tokenizer/jinja/character_tables.h"

namespace kelvin::jinja {

namespace {

enum CharacterFlag : std::uint8_t {
  alpha = 1,
  decimal = 2,
  digit = 4,
  numeric = 8,
  printable = 16,
  space = 32
};

bool has(char32_t c, CharacterFlag flag) {
  const std::span ranges(character_ranges, character_ranges_size);
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), c,
                                      [](char32_t code, const CharacterRange& r) { return code < r.first; });
  return c <= 0x10FFFF && (std::prev(after)->flags & flag) != 0;
}

bool is_ascii_upper(char32_t c) { return c >= 'A' && c <= 'Z'; }
bool is_ascii_lower(char32_t c) { return c >= 'a' && c <= 'z'; }

const CaseExpansion* expansion(std::span<const CaseExpansion> table, char32_t c) {
  const auto found = std::lower_bound(table.begin(), table.end(), c,
                                      [](const CaseExpansion& e, char32_t code) { return e.code < code; });
  return found != table.end() && found->code == c ? &*found : nullptr;
}

char32_t mapped(std::span<const CaseRun> table, char32_t c) {
  const auto after = std::upper_bound(table.begin(), table.end(), c,
                                      [](char32_t code, const CaseRun& r) { return code < r.first; });
  if (after == table.begin()) return c;
  const CaseRun& run = *std::prev(after);
  if (c > run.last || (c - run.first) % static_cast<char32_t>(run.stride) != 0) return c;
  return static_cast<char32_t>(static_cast<std::int32_t>(c) + run.delta);
}

void append_mapped(std::string& text, char32_t c, std::span<const CaseRun> runs,
                   std::span<const CaseExpansion> expansions) {
  if (const CaseExpansion* several = expansion(expansions, c))
    text += several->text;
  else
    append_character(text, mapped(runs, c));
}

// Bytes of the well-formed character at `position`, 1 where there is none.
std::size_t length_at(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[position + i]); };
  const std::size_t available = text.size() - position;
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  if (length > available) return 1;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 1;
  // The shortest form only, no surrogates, nothing above U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) ||
      (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F))
    return 1;
  return length;
}

// Bytes at the start that are surely ASCII: whole words of eight.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if (word & 0x8080808080808080) break;
  }
  return at;
}

}  // namespace

char32_t next_character(std::string_view text, std::size_t& position) {
  const std::size_t length = length_at(text, position);
  char32_t c = static_cast<unsigned char>(text[position]);
  if (length > 1) {
    c &= 0x7Fu >> length;
    for (std::size_t i = 1; i < length; ++i)
      c = c << 6 | (static_cast<unsigned char>(text[position + i]) & 0x3Fu);
  }
  position += length;
  return c;
}

std::size_t previous_character(std::string_view text, std::size_t position) {
  if (static_cast<unsigned char>(text[position - 1]) < 0x80) return position - 1;
  for (std::size_t length = 4; length > 1; --length)
    if (position >= length && length_at(text, position - length) == length) return position - length;
  return position - 1;
}

void append_character(std::string& text, char32_t c) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::size_t count_characters(std::string_view text) {
  std::size_t at = ascii_prefix(text), count = at;
  for (; at < text.size(); ++count) at += length_at(text, at);
  return count;
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = ascii_prefix(text); at < text.size();) {
    const std::size_t length = length_at(text, at);
    if (length == 1 && static_cast<unsigned char>(text[at]) >= 0x80) return false;
    at += length;
  }
  return true;
}

bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F);
  return has(c, space);
}
bool is_alpha(char32_t c) { return has(c, alpha); }
bool is_decimal(char32_t c) { return has(c, decimal); }
bool is_digit(char32_t c) { return has(c, digit); }
bool is_numeric(char32_t c) { return has(c, numeric); }
bool is_printable(char32_t c) { return has(c, printable); }

bool is_upper(char32_t c) {
  if (c < 0x80) return is_ascii_upper(c);
  return mapped({lower_runs, lower_runs_size}, c) != c && mapped({title_runs, title_runs_size}, c) == c;
}

bool is_lower(char32_t c) {
  if (c < 0x80) return is_ascii_lower(c);
  return mapped({upper_runs, upper_runs_size}, c) != c ||
         expansion({upper_expansions, upper_expansions_size}, c);
}

bool is_cased(char32_t c) {
  return is_upper(c) || is_lower(c) || mapped({lower_runs, lower_runs_size}, c) != c;
}

void append_upper(std::string& text, char32_t c) {
  if (c < 0x80)
    text += static_cast<char>(is_ascii_lower(c) ? c - 32 : c);
  else
    append_mapped(text, c, {upper_runs, upper_runs_size}, {upper_expansions, upper_expansions_size});
}

void append_lower(std::string& text, char32_t c) {
  if (c < 0x80)
    text += static_cast<char>(is_ascii_upper(c) ? c + 32 : c);
  else
    append_mapped(text, c, {lower_runs, lower_runs_size}, {lower_expansions, lower_expansions_size});
}

void append_title(std::string& text, char32_t c) {
  if (c < 0x80)
    text += static_cast<char>(is_ascii_lower(c) ? c - 32 : c);
  else
    append_mapped(text, c, {title_runs, title_runs_size}, {title_expansions, title_expansions_size});
}

}  // namespace kelvin::jinja
