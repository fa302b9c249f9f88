#include "loaders/json/json_string.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "tokenizer/unicode/utf8.h"

namespace kelvin {
namespace {

// The first byte from `at` on that ends a run of printable ASCII inside a string.
const char* plain_run(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    // Eight bytes at a time: one below 0x20, above 0x7F, '"' or '\\' sets its top bit in `special`, and of
    // those set the lowest is right (a borrow only runs upwards).
    constexpr std::uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    for (; end - at >= 8; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      const std::uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
      const std::uint64_t special =
          (word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) & tops;
      if (special) return at + std::countr_zero(special) / 8;
    }
  }
  while (at < end && static_cast<unsigned char>(*at) >= 0x20 && static_cast<unsigned char>(*at) < 0x80 &&
         *at != '"' && *at != '\\')
    ++at;
  return at;
}

class EscapeReader {
 public:
  EscapeReader(const char* backslash, const char* end, std::string& out)
      : backslash_(backslash), end_(end), at_(backslash + 1), out_(out) {}

  // Behind the escape, or nullptr: then read() says what is wrong.
  const char* run();
  StringRead wrong() const { return {at_, true, wrong_, expected_, found_}; }

 private:
  const char* refuse(const char* where, std::string_view expected, std::string_view found = {}) {
    wrong_ = where;
    expected_ = expected;
    found_ = found;
    return nullptr;
  }
  const char* refuse_half(std::string_view half) { return refuse(backslash_, "a surrogate pair", half); }
  bool hex4(unsigned& value);

  const char* const backslash_;
  const char* const end_;
  const char* at_;
  std::string& out_;
  const char* wrong_ = nullptr;
  std::string_view expected_, found_;
};

bool EscapeReader::hex4(unsigned& value) {
  const char* const begin = at_;
  at_ = std::from_chars(begin, std::min(begin + 4, end_), value, 16).ptr;
  if (at_ == begin + 4) return true;
  refuse(at_, "four hexadecimal digits after \\u");
  return false;
}

const char* EscapeReader::run() {
  if (at_ >= end_) return refuse(at_, "an escaped character");
  constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t which = letters.find(*at_); which != letters.npos) {
    out_ += meanings[which];
    return at_ + 1;
  }
  if (*at_ != 'u') return refuse(at_, "one of \"\\/bfnrtu after the backslash");
  ++at_;
  unsigned code;
  if (!hex4(code)) return nullptr;
  if (code >= 0xDC00 && code <= 0xDFFF) return refuse_half("its second half alone found");
  if (code >= 0xD800 && code <= 0xDBFF) {
    constexpr std::string_view alone = "its first half alone found";
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return refuse_half(alone);
    at_ += 2;
    unsigned low;
    if (!hex4(low)) return nullptr;
    if (low < 0xDC00 || low > 0xDFFF) return refuse_half(alone);
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  unicode::append_char(out_, code);
  return at_;
}

}  // namespace

StringRead read_json_string(const char* begin, const char* end, std::string& arena) {
  const char* run = begin;  // first byte not yet in the arena, once there is an escape
  bool escaped = false;
  for (const char* at = begin;;) {
    at = plain_run(at, end);
    if (at >= end) return {at, escaped, begin - 1, "a closing '\"'", "the end of the text found"};
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '"') {
      if (escaped) arena.append(run, at);
      return {at, escaped, nullptr, {}, {}};
    }
    if (byte == '\\') {
      escaped = true;
      arena.append(run, at);
      EscapeReader escape(at, end, arena);
      run = at = escape.run();
      if (!at) return escape.wrong();
    } else if (byte < 0x20) {
      return {at, escaped, at, "control characters in a string as \\u escapes", {}};
    } else {
      const std::size_t length = unicode::utf8_length({at, end});
      if (length == 0) return {at, escaped, at, "UTF-8", {}};
      at += length;
    }
  }
}

}  // namespace kelvin
