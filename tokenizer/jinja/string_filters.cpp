// Filters that give text.
#include <algorithm>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

// The separators after which the filter `title` begins a new word.
bool begins_word(char32_t c) {
  return is_space(c) ||
         (c < 0x80 && std::string_view("-({[<").find(static_cast<char>(c)) != std::string_view::npos);
}

}  // namespace

Value filter_capitalize(Call& call) { return call.like_self(capitalize(call.self_text())); }

Value filter_escape(Call& call) {
  if (call.self.is_string() && call.self.as_text().markup) return call.self;
  return {escape_html(call.self_text()), true};
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
  return replace(call.self_text(), to_text(call[0]), to_text(call[1]),
                 count < 0 ? no_limit : static_cast<std::size_t>(count));
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
  return call.like_self(std::move(titled));
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

Value filter_upper(Call& call) { return call.like_self(upper(call.self_text())); }

}  // namespace kelvin::jinja
