#include "tokenizer/jinja/field.h"

#include <algorithm>
#include <cmath>

#include "tokenizer/jinja/number_text.h"
#include "tokenizer/unicode/escape.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

void append_padded(TextBuilder& out, const Field& field, std::string_view sign, std::string_view body,
                   char align) {
  const auto length = static_cast<std::int64_t>(sign.size() + unicode::count_chars(body));
  const std::int64_t room = std::max<std::int64_t>(field.width - length, 0);
  const std::int64_t before = align == '<' ? 0 : align == '^' ? room / 2 : room;
  const auto pad = [&](std::int64_t count) {
    if (field.fill.size() == 1) return out.append(static_cast<std::size_t>(count), field.fill[0]);
    for (; count > 0; --count) out.append(field.fill);
  };
  if (align == '=') out.append(sign);
  pad(before);
  if (align != '=') out.append(sign);
  out.append(body);
  pad(room - before);
}

std::string grouped(std::string digits, char separator, std::size_t size) {
  const std::size_t point = std::min(digits.find_first_of(".e"), digits.size());
  for (std::size_t at = point; at > size; at -= size) digits.insert(at - size, 1, separator);
  return digits;
}

}  // namespace

void append_text(TextBuilder& out, const Field& field, std::string text) {
  if (field.precision >= 0) {
    std::size_t end = 0;
    for (std::int64_t i = 0; i < field.precision && end < text.size(); ++i) unicode::next_char(text, end);
    text.resize(end);
  }
  append_padded(out, field, "", text, field.align ? field.align : '<');
}

void append_integer(TextBuilder& out, const Field& field, const BigInteger& value) {
  const int base = field.type == 'x' || field.type == 'X' ? 16
                   : field.type == 'o'                    ? 8
                   : field.type == 'b'                    ? 2
                                                          : 10;
  std::string digits = value.digits(base);
  if (field.type == 'X')
    for (char& c : digits) c = c >= 'a' ? static_cast<char>(c - 32) : c;
  if (field.precision > static_cast<std::int64_t>(digits.size())) {
    afford(static_cast<std::size_t>(field.precision));
    digits.insert(0, static_cast<std::size_t>(field.precision) - digits.size(), '0');
  }
  if (field.grouping) digits = grouped(std::move(digits), field.grouping, base == 10 ? 3 : 4);
  std::string sign = value.negative() ? "-" : field.sign ? std::string(1, field.sign) : "";
  if (field.alternate && base != 10) sign += std::string("0") + field.type;
  append_padded(out, field, sign, digits, field.align ? field.align : '>');
}

void append_real(TextBuilder& out, const Field& field, double value) {
  const bool percent = field.type == '%';
  std::string digits;
  if (field.type == 0 && field.precision < 0) {
    digits = real_text(std::fabs(value));
  } else {
    const char type = percent ? 'f' : field.type == 0 || field.type == 'n' ? 'g' : field.type;
    const auto precision = static_cast<int>(std::min<std::int64_t>(field.precision, 1 << 20));
    digits = format_real(std::fabs(percent ? value * 100 : value), type, precision);
    if (field.type == 0 && digits.find_first_of(".ein") == std::string::npos) digits += ".0";
  }
  if (field.grouping) digits = grouped(std::move(digits), field.grouping, 3);
  const std::string sign = std::signbit(value) && !std::isnan(value) ? "-"
                           : field.sign                              ? std::string(1, field.sign)
                                                                     : "";
  append_padded(out, field, sign, digits + (percent ? "%" : ""), field.align ? field.align : '>');
}

std::string ascii_repr(const Value& value) {
  const std::string text = repr(value);
  std::string escaped;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = unicode::next_char(text, at);
    if (c < 0x80) {
      escaped += static_cast<char>(c);
      continue;
    }
    const int width = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
    escaped += (width == 2 ? "\\x" : width == 4 ? "\\u" : "\\U") + unicode::hex(c, width);
  }
  return escaped;
}

bool is_digit_character(char c) { return c >= '0' && c <= '9'; }

std::int64_t read_number(std::string_view text, std::size_t& at) {
  std::int64_t number = 0;
  for (; at < text.size() && is_digit_character(text[at]); ++at) {
    if (number > 1'000'000'000) throw Failure("a width or precision is too large");
    number = number * 10 + (text[at] - '0');
  }
  return number;
}

}  // namespace kelvin::jinja
