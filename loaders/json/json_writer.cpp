#include "loaders/json/json_writer.h"

#include <charconv>
#include <cmath>

#include "tokenizer/unicode/escape.h"

namespace kelvin {
namespace {

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t length = unicode::utf8_length(text.substr(at));
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += "\\u" + unicode::hex(static_cast<unsigned char>(c), 4);
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

template <class Real>
void append_real(std::string& out, Real number) {
  if (std::isnan(number))
    out += "\"nan\"";
  else if (std::isinf(number))
    out += number < 0 ? "\"-inf\"" : "\"inf\"";
  else
    append_number(out, number);
}

}  // namespace

void JsonWriter::separate() {
  if (text_.empty()) return;
  const char last = text_.back();
  if (last != '{' && last != '[' && last != ':') text_ += ',';
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  text_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view key) {
  separate();
  append_string(text_, key);
  text_ += ':';
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_string(text_, text);
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

JsonWriter& JsonWriter::value(float number) {
  separate();
  append_real(text_, number);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  separate();
  append_real(text_, number);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t number) {
  separate();
  append_number(text_, number);
  return *this;
}

JsonWriter& JsonWriter::integer(std::uint64_t number) {
  separate();
  append_number(text_, number);
  return *this;
}

std::string json_string(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

}  // namespace kelvin
