#include "tokenizer/jinja/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tokenizer/jinja/text.h"

namespace kelvin::jinja {

namespace {

constexpr int max_precision = 1000;

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Underscores must stand between digits; returns the text without them.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits += lowered(text[i]);
      continue;
    }
    const auto alphanumeric = [](char c) {
      return (c >= '0' && c <= '9') || (lowered(c) >= 'a' && lowered(c) <= 'f');
    };
    if (i == 0 || i + 1 == text.size() || !alphanumeric(text[i - 1]) || !alphanumeric(text[i + 1]))
      return std::nullopt;
  }
  return digits;
}

// Takes a leading sign off; true if it was a minus.
bool take_sign(std::string_view& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text, int base) {
  text = strip(text, Side::both);
  const bool negative = take_sign(text);
  const auto prefix_base = [&] {
    if (text.size() < 3 || text[0] != '0') return 10;
    const char letter = lowered(text[1]);
    return letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
  }();
  if (prefix_base != 10 && (base == 0 || base == prefix_base)) {
    text.remove_prefix(2);
    if (text.starts_with('_')) text.remove_prefix(1);
    base = prefix_base;
  } else if (base == 0) {
    base = 10;
    if (text.size() > 1 && text[0] == '0' && text.find_first_not_of("0_") != text.npos) return std::nullopt;
  }
  const std::optional<std::string> digits = without_underscores(text);
  if (!digits || digits->empty() || (*digits)[0] == '-') return std::nullopt;
  std::uint64_t magnitude = 0;
  const char* const end = digits->data() + digits->size();
  const auto [stop, error] = std::from_chars(digits->data(), end, magnitude, base);
  if (stop != end) return std::nullopt;
  const std::uint64_t limit = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
  if (error != std::errc() || magnitude > limit) throw Failure("an integer does not fit into 64 bits");
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

std::optional<double> parse_real(std::string_view text) {
  text = strip(text, Side::both);
  const bool negative = take_sign(text);
  const std::optional<std::string> digits = without_underscores(text);
  if (!digits || digits->empty() || (*digits)[0] == '-') return std::nullopt;
  double value = 0;
  const char* const end = digits->data() + digits->size();
  // from_chars would also take nan(...).
  if (digits->find('(') != std::string::npos) return std::nullopt;
  const auto [stop, error] = std::from_chars(digits->data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    const std::size_t exponent = digits->find('e');
    value = exponent != std::string::npos && (*digits)[exponent + 1] == '-' ? 0 : HUGE_VAL;
  }
  return negative ? -value : value;
}

std::optional<std::int64_t> truncated(double value) {
  if (std::isnan(value)) return std::nullopt;
  if (!(value > -0x1p63 - 1 && value < 0x1p63)) throw Failure("an integer does not fit into 64 bits");
  return static_cast<std::int64_t>(value);
}

}  // namespace kelvin::jinja
