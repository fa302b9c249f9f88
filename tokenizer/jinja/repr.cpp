#include "tokenizer/jinja/repr.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tokenizer/jinja/characters.h"
#include "tokenizer/jinja/object.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/escape.h"

namespace kelvin::jinja {

namespace {

constexpr int max_nesting = 400;

void append_quoted(TextBuilder& out, std::string_view text) {
  const bool doubled = text.find('\'') != text.npos && text.find('"') == text.npos;
  const char quote = doubled ? '"' : '\'';
  out.append(1, quote);
  unicode::append_escaped(out, text, [&](char32_t c, std::string_view) -> std::string {
    if (c == '\\' || c == static_cast<unsigned char>(quote)) return {'\\', static_cast<char>(c)};
    if (c == '\n') return "\\n";
    if (c == '\r') return "\\r";
    if (c == '\t') return "\\t";
    if (is_printable(c)) return {};
    return c < 0x100     ? "\\x" + unicode::hex(c, 2)
           : c < 0x10000 ? "\\u" + unicode::hex(c, 4)
                         : "\\U" + unicode::hex(c, 8);
  });
  out.append(1, quote);
}

void append_sequence(TextBuilder& out, const Sequence& sequence, int depth) {
  // In the order of SequenceKind.
  static constexpr std::pair<std::string_view, std::string_view> brackets[] = {{"[", "]"},
                                                                               {"(", ")"},
                                                                               {"(", ")"},
                                                                               {"", ""},
                                                                               {"<generator>", ""},
                                                                               {"dict_keys([", "])"},
                                                                               {"dict_values([", "])"},
                                                                               {"dict_items([", "])"}};
  if (sequence.kind == SequenceKind::range) return out.append(sequence.label);
  const auto& [opening, closing] = brackets[static_cast<std::size_t>(sequence.kind)];
  out.append(opening);
  if (sequence.kind == SequenceKind::generator) return;
  bool first = true;
  for (const Value& item : sequence.items) {
    if (!std::exchange(first, false)) out.append(", ");
    append_repr(out, item, depth);
  }
  if (closing == ")" && sequence.items.size() == 1) out.append(",");
  out.append(closing);
}

void append_dict(TextBuilder& out, const Dict& dict, int depth) {
  bool first = true;
  out.append("{");
  for (const auto& [key, item] : dict.entries()) {
    if (!std::exchange(first, false)) out.append(", ");
    append_repr(out, key, depth);
    out.append(": ");
    append_repr(out, item, depth);
  }
  out.append("}");
}

// Python's rule for when floats get an exponent, given the digits as to_chars wrote them: d[.ddd]e+XX.
std::string positional(std::string digits, int exponent, bool negative) {
  std::erase(digits, '.');
  const int count = static_cast<int>(digits.size());
  std::string text;
  if (exponent < -4 || exponent >= 16) {
    text = digits.substr(0, 1);
    if (count > 1) text += "." + digits.substr(1);
    const int size = std::abs(exponent);
    text += exponent < 0 ? "e-" : "e+";
    text += (size < 10 ? "0" : "") + std::to_string(size);
  } else if (exponent < 0) {
    text = "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  } else if (exponent + 1 >= count) {
    text = digits + std::string(static_cast<std::size_t>(exponent + 1 - count), '0') + ".0";
  } else {
    const auto point = static_cast<std::size_t>(exponent + 1);
    text = digits.substr(0, point) + "." + digits.substr(point);
  }
  return (negative ? "-" : "") + text;
}

}  // namespace

void append_repr(TextBuilder& out, const Value& value, int depth) {
  spend();
  if (depth > max_nesting) throw Failure("values are nested too deeply");
  switch (value.kind()) {
    case Value::Kind::undefined:
      return out.append("Undefined");
    case Value::Kind::none:
      return out.append("None");
    case Value::Kind::boolean:
      return out.append(value.as_bool() ? "True" : "False");
    case Value::Kind::integer:
      return out.append(std::to_string(value.as_integer()));
    case Value::Kind::big:
      return out.append(value.as_big().text());
    case Value::Kind::real:
      return out.append(real_text(value.as_number()));
    case Value::Kind::string:
      if (value.as_text().markup) out.append("Markup(");
      append_quoted(out, value.as_string());
      if (value.as_text().markup) out.append(")");
      return;
    case Value::Kind::sequence:
      return append_sequence(out, value.as_sequence(), depth + 1);
    case Value::Kind::dict:
      return append_dict(out, value.as_dict(), depth + 1);
    case Value::Kind::object:
      return value.as_object()->append_text(out, depth + 1);
  }
}

void TextBuilder::make_room(std::size_t bytes) {
  spend_scan(bytes);
  const std::size_t needed = text_.size() + bytes;
  if (needed <= text_.capacity()) return;
  // std::string at least doubles, whatever it is asked for.
  const std::size_t room = std::max(needed, 2 * text_.capacity());
  charge_.grow(room - text_.capacity());
  text_.reserve(room);
}

void TextBuilder::append(std::string_view piece) {
  make_room(piece.size());
  text_ += piece;
}

void TextBuilder::append(std::size_t count, char c) {
  make_room(count);
  text_.append(count, c);
}

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);
  return positional(std::string(text.substr(0, e)), exponent, std::signbit(value));
}

std::string repr(const Value& value) {
  TextBuilder out;
  append_repr(out, value, 0);
  return out.take();
}

std::string to_text(const Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_undefined()) return "";
  return repr(value);
}

bool is_markup(const Value& value) { return value.is_string() && value.as_text().markup; }

std::string escaped(const Value& value) {
  return is_markup(value) ? value.as_string() : escape_html(to_text(value));
}

}  // namespace kelvin::jinja
