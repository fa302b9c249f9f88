#include "tokenizer/jinja/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tokenizer/jinja/characters.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

constexpr int max_precision = 1000;

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Digits of all scripts as those of ASCII. Each script has its ten in a row; rows that touch are left.
std::string ascii_digits(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = unicode::next_char(text, at);
    int digit = 0;
    if (c >= 0x80 && is_decimal(c))
      while (digit < 10 && is_decimal(c - static_cast<char32_t>(digit) - 1)) ++digit;
    if (c >= 0x80 && is_decimal(c) && digit < 10)
      plain += static_cast<char>('0' + digit);
    else
      plain += text.substr(start, at - start);
  }
  return plain;
}

// Underscores must stand between digits; returns the text without them.
std::optional<std::string> without_underscores(std::string_view given) {
  const std::string text = ascii_digits(given);
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

std::optional<Value> parse_integer(std::string_view text, int base) {
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
  const std::optional<BigInteger> magnitude = BigInteger::parse(*digits, base);
  if (!magnitude) return std::nullopt;
  return Value::integer(negative ? -*magnitude : *magnitude);
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

std::optional<Value> truncated(double value) {
  if (std::isnan(value)) return std::nullopt;
  if (std::isinf(value)) throw Failure("cannot convert infinity to an integer");
  return Value::integer(BigInteger::of_real(value));
}

std::string format_real(double value, char type, int precision) {
  const char kind = lowered(type);
  const bool upper = kind != type;
  std::string text;
  if (std::isfinite(value)) {
    if (precision > max_precision) throw Failure("a precision above " + std::to_string(max_precision));
    precision = precision < 0 ? 6 : kind == 'g' && precision == 0 ? 1 : precision;
    const auto format = kind == 'e'   ? std::chars_format::scientific
                        : kind == 'g' ? std::chars_format::general
                                      : std::chars_format::fixed;
    text.resize(static_cast<std::size_t>(precision) + 330);
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, format, precision);
    text.resize(static_cast<std::size_t>(end - text.data()));
  } else {
    text = std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
  }
  if (upper)
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

}  // namespace kelvin::jinja
