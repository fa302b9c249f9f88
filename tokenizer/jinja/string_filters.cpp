// Filters that give text.
#include <algorithm>
#include <cctype>

#include "tokenizer/jinja/characters.h"
#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/interpreter.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

bool is_word(char32_t c) { return c == '_' || unicode::is_letter(c) || is_numeric(c); }

// The separators after which the filter `title` begins a new word.
bool begins_word(char32_t c) {
  return is_space(c) ||
         (c < 0x80 && std::string_view("-({[<").find(static_cast<char>(c)) != std::string_view::npos);
}

std::string quoted_for_url(std::string_view text, bool in_query) {
  static constexpr std::string_view safe = "_.-~", digits = "0123456789ABCDEF";
  std::string quoted;
  spend_scan(text.size() * 3);
  afford(text.size(), 3);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x80 && std::isalnum(byte)) || safe.find(c) != safe.npos || (c == '/' && !in_query))
      quoted += c;
    else if (c == ' ' && in_query)
      quoted += '+';
    else
      (quoted += '%').append({digits[byte >> 4], digits[byte & 15]});
  }
  return quoted;
}

}  // namespace

Value filter_capitalize(Call& call) { return call.like_self(capitalize(call.self_text())); }

Value filter_center(Call& call) {
  const std::string text = call.self_text();
  const auto length = static_cast<std::int64_t>(unicode::count_chars(text));
  const std::int64_t width = std::max<std::int64_t>(call.integer_or(0, 80), 0), margin = width - length;
  if (margin <= 0) return call.like_self(text);
  const std::int64_t left = margin / 2 + (margin & width & 1);
  TextBuilder centered;
  centered.append(static_cast<std::size_t>(left), ' ');
  centered.append(text);
  centered.append(static_cast<std::size_t>(margin - left), ' ');
  return call.like_self(centered.take());
}

Value filter_escape(Call& call) {
  if (is_markup(call.self)) return call.self;
  return filter_force_escape(call);
}

Value filter_force_escape(Call& call) { return {escape_html(call.self_text()), true}; }

Value filter_format(Call& call) {
  const Arguments& arguments = call.arguments;
  const bool markup = is_markup(call.self);
  if (arguments.named.empty())
    return call.like_self(percent_format(call.self_text(), Value::tuple(arguments.positional), markup));
  if (!arguments.positional.empty()) call.fail("positional and named arguments cannot be mixed");
  std::vector<Entry> entries;
  for (const auto& [name, value] : arguments.named) entries.emplace_back(name, value);
  return call.like_self(percent_format(call.self_text(), Value::dict(std::move(entries)), markup));
}

Value filter_indent(Call& call) {
  if (!call.self.is_string()) call.fail("a " + type_name(call.self) + " cannot be indented");
  const bool first = call.truth_or(1, false), blank = call.truth_or(2, false);
  const std::string indentation =
      call.has(0) && call[0].is_string()
          ? call[0].as_string()
          : repeat(" ", static_cast<std::size_t>(std::max<std::int64_t>(call.integer_or(0, 4), 0)));
  const std::vector<std::string> lines = split_lines(call.self.as_string() + "\n");
  TextBuilder text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text.append("\n");
    if (i == 0 ? first : blank || !lines[i].empty()) text.append(indentation);
    text.append(lines[i]);
  }
  return call.like_self(text.take());
}

Value filter_lower(Call& call) { return call.like_self(lower(call.self_text())); }

Value filter_replace(Call& call) {
  const std::int64_t count = call.has_some(2) ? call.integer(2) : -1;
  const std::size_t limit = count < 0 ? no_limit : static_cast<std::size_t>(count);
  // Only where output is escaped does markup stay markup.
  const bool markup =
      call.interpreter.escapes() && (is_markup(call.self) || is_markup(call[0]) || is_markup(call[1]));
  const auto piece = [&](const Value& value) { return markup ? escaped(value) : to_text(value); };
  return {replace(piece(call.self), to_text(call[0]), piece(call[1]), limit), markup};
}

Value filter_safe(Call& call) { return {call.self_text(), true}; }

Value filter_string(Call& call) { return call.self.is_string() ? call.self : Value(call.self_text()); }

Value filter_title(Call& call) {
  const std::string text = call.self_text();
  std::string titled;
  // A word is lowered as a whole but for its first character.
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = unicode::next_char(text, at);
    unicode::append_upper(titled, c);
    if (begins_word(c)) continue;
    std::size_t end = at;
    for (std::size_t next = at; next < text.size(); end = next)
      if (begins_word(unicode::next_char(text, next))) break;
    titled += lower(std::string_view(text).substr(at, end - at));
    at = end;
  }
  return titled;
}

Value filter_tojson(Call& call) {
  JsonStyle style;
  style.ascii = call.truth_or(0, false);
  style.sort_keys = call.truth_or(3, false);
  if (call.has_some(1)) {
    style.indent = call[1].is_string()
                       ? call[1].as_string()
                       : repeat(" ", static_cast<std::size_t>(std::max<std::int64_t>(call.integer(1), 0)));
    style.item_separator = ",";
  }
  if (call.has_some(2)) {
    const std::vector<Value> separators = iterate(call[2]);
    if (separators.size() != 2 || !separators[0].is_string() || !separators[1].is_string())
      call.fail("separators must be two strings");
    style.item_separator = separators[0].as_string();
    style.key_separator = separators[1].as_string();
  }
  return to_json(call.self, style);
}

Value filter_trim(Call& call) {
  return call.like_self(std::string(strip(call.self_text(), Side::both, call.string_if_given(0))));
}

Value filter_truncate(Call& call) {
  const std::int64_t length = call.integer_or(0, 255), leeway = call.has_some(3) ? call.integer(3) : 5;
  const std::string end = call.has(2) ? call.string(2) : "...";
  const auto end_length = static_cast<std::int64_t>(unicode::count_chars(end));
  if (length < end_length) call.fail("the length must be at least that of the end");
  if (leeway < 0) call.fail("the leeway must not be negative");
  const std::int64_t size = filter_length(call).as_integer();
  if (size - length <= leeway) return call.self;
  if (!call.self.is_string()) call.fail("a " + type_name(call.self) + " cannot be truncated");
  const std::string_view text = call.self.as_string();
  std::string_view kept = text.substr(0, byte_offset(text, static_cast<std::size_t>(length - end_length)));
  if (const std::size_t space = kept.rfind(' '); !call.truth_or(1, false) && space != kept.npos)
    kept = kept.substr(0, space);
  return call.like_self(std::string(kept) + end);
}

Value filter_upper(Call& call) { return call.like_self(upper(call.self_text())); }

Value filter_urlencode(Call& call) {
  if (!call.self.is_dict() && !call.self.is_sequence()) return quoted_for_url(call.self_text(), false);
  std::vector<Value> pairs;
  if (call.self.is_dict())
    for (const auto& [key, value] : call.self.as_dict().entries())
      pairs.push_back(Value::tuple({key, value}));
  else
    pairs = iterate(call.self);
  TextBuilder query;
  for (const Value& pair : pairs) {
    const std::vector<Value> parts = iterate(pair);
    if (parts.size() != 2) call.fail("pairs of key and value expected");
    if (query.size() > 0) query.append("&");
    query.append(quoted_for_url(to_text(parts[0]), true) + "=" + quoted_for_url(to_text(parts[1]), true));
  }
  return query.take();
}

Value filter_wordcount(Call& call) {
  const std::string text = call.self_text();
  spend_scan(text.size() * 8);
  std::int64_t words = 0;
  bool within = false;
  for (std::size_t at = 0; at < text.size();) {
    const bool word = is_word(unicode::next_char(text, at));
    words += word && !within;
    within = word;
  }
  return words;
}

Value filter_xmlattr(Call& call) {
  if (!call.self.is_dict()) call.fail("a " + type_name(call.self) + " is not a dict");
  TextBuilder attributes;
  for (const auto& [key, value] : call.self.as_dict().entries()) {
    if (value.is_none() || value.is_undefined()) continue;
    const std::string name = to_text(key);
    if (name.find_first_of(" \t\n\r\f\v/>=") != std::string::npos)
      call.fail("'" + name.substr(0, 60) + "' is not a name");
    if (attributes.size() > 0 || call.truth_or(0, true)) attributes.append(" ");
    attributes.append(escape_html(name) + "=\"" + escaped(value) + "\"");
  }
  return {attributes.take(), call.interpreter.escapes()};
}

}  // namespace kelvin::jinja
