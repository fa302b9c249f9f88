#include "tokenizer/jinja/string_methods.h"

#include <algorithm>

#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

const std::string& own(const Call& call) { return call.self.as_string(); }

std::vector<Value> as_values(const Call& call, const std::vector<std::string>& parts) {
  std::vector<Value> values;
  for (const std::string& part : parts) values.push_back(call.like_self(part));
  return values;
}

template <std::string (*change)(std::string_view)>
Value changed(Call& call) {
  return call.like_self(change(own(call)));
}

template <Side side>
Value stripped(Call& call) {
  return call.like_self(std::string(strip(own(call), side, call.string_if_given(0))));
}

// Not empty, and true of all characters.
template <bool (*property)(char32_t)>
Value all_are(Call& call) {
  spend_scan(own(call).size() * 8);
  for (std::size_t at = 0; at < own(call).size();)
    if (!property(unicode::next_char(own(call), at))) return false;
  return !own(call).empty();
}

bool is_decimal(char32_t c) { return unicode::category(c) == unicode::Category::Nd; }
// What Python counts as numeric beyond this is CJK letters.
bool is_alphanumeric(char32_t c) {
  const unicode::Category kind = unicode::category(c);
  return unicode::is_letter(c) || (kind >= unicode::Category::Nd && kind <= unicode::Category::No);
}
bool is_title(char32_t c) { return unicode::category(c) == unicode::Category::Lt; }

std::size_t limit(const Call& call, std::size_t index) {
  const std::int64_t count = call.integer_or(index, -1);
  return count < 0 ? no_limit : static_cast<std::size_t>(count);
}

Value split_method(Call& call) {
  if (call.has_some(0) && call.string(0).empty()) call.fail("the separator is empty");
  return Value::list(as_values(call, split(own(call), call.string_if_given(0), limit(call, 1))));
}

Value split_right_method(Call& call) {
  if (call.has_some(0) && call.string(0).empty()) call.fail("the separator is empty");
  return Value::list(as_values(call, split_right(own(call), call.string_if_given(0), limit(call, 1))));
}

Value split_lines_method(Call& call) {
  return Value::list(as_values(call, split_lines(own(call), call.truth_or(0, false))));
}

Value parts(Call& call, std::size_t at) {
  const std::string &text = own(call), &separator = call.string(0);
  const auto piece = [&](std::size_t from, std::size_t size) {
    return call.like_self(text.substr(from, size));
  };
  return Value::tuple({piece(0, at), piece(at, separator.size()), piece(at + separator.size(), text.npos)});
}

Value partition(Call& call) {
  if (call.string(0).empty()) call.fail("the separator is empty");
  const std::size_t at = find(own(call), call.string(0));
  return at == not_found ? Value::tuple({call.self, "", ""}) : parts(call, at);
}

Value partition_right(Call& call) {
  if (call.string(0).empty()) call.fail("the separator is empty");
  const std::size_t at = find_last(own(call), call.string(0));
  return at == not_found ? Value::tuple({"", "", call.self}) : parts(call, at);
}

Value replace_method(Call& call) {
  return call.like_self(replace(own(call), call.string(0), call.string(1), limit(call, 2)));
}

Value join_method(Call& call) {
  TextBuilder text;
  bool first = true;
  for (const Value& item : iterate(call[0])) {
    if (!item.is_string()) call.fail("a string expected in the list, " + type_name(item) + " found");
    if (!std::exchange(first, false)) text.append(own(call));
    const bool escapes = call.self.as_text().markup && !item.as_text().markup;
    text.append(escapes ? escape_html(item.as_string()) : item.as_string());
  }
  return call.like_self(text.take());
}

// The part of the string between the arguments `start` and `end`, which count characters; `before` are those
// cut off.
struct Window {
  std::string_view text;
  std::int64_t before;
  bool valid;  // false where start lies behind the end of the string
};

Window window(const Call& call, std::size_t first_index) {
  const Value start = call.value_or(first_index, {}), end = call.value_or(first_index + 1, {});
  if (start.is_none() && end.is_none()) return {own(call), 0, true};
  const auto length = static_cast<std::int64_t>(call.self.as_text().length);
  const auto position = [&](const Value& bound, std::int64_t fallback) {
    if (bound.is_none()) return fallback;
    if (!bound.is_integral()) call.fail("positions must be integers or None");
    const std::int64_t at = bound.as_integer();
    return at < 0 ? std::max<std::int64_t>(at + length, 0) : at;
  };
  const std::int64_t from = position(start, 0), to = std::min(position(end, length), length);
  if (from > length || from > to) return {{}, from, false};
  const std::size_t begin = byte_offset(own(call), static_cast<std::size_t>(from));
  const std::size_t stop = byte_offset(own(call), static_cast<std::size_t>(to));
  return {std::string_view(own(call)).substr(begin, stop - begin), from, true};
}

std::int64_t place(const Call& call, bool last) {
  const Window part = window(call, 1);
  if (!part.valid) return -1;
  const std::size_t at = last ? find_last(part.text, call.string(0)) : find(part.text, call.string(0));
  if (at == not_found) return -1;
  return part.before + static_cast<std::int64_t>(unicode::count_chars(part.text.substr(0, at)));
}

Value find_method_(Call& call) { return place(call, false); }
Value find_right(Call& call) { return place(call, true); }

Value index_of(Call& call, bool last) {
  const std::int64_t at = place(call, last);
  if (at < 0) call.fail("the substring is not found");
  return at;
}

Value index(Call& call) { return index_of(call, false); }
Value index_right(Call& call) { return index_of(call, true); }

Value count(Call& call) {
  const Window part = window(call, 1);
  return part.valid ? static_cast<std::int64_t>(find_all(part.text, call.string(0)).size()) : std::int64_t{0};
}

template <class Matches>
bool any_affix(const Call& call, Matches matches) {
  const Window part = window(call, 1);
  const std::vector<Value> affixes =
      call[0].is_sequence(SequenceKind::tuple) ? iterate(call[0]) : std::vector{call[0]};
  return std::any_of(affixes.begin(), affixes.end(), [&](const Value& affix) {
    if (!affix.is_string())
      call.fail("a string or a tuple of strings expected, " + type_name(affix) + " found");
    spend_scan(affix.as_string().size());
    return part.valid && matches(part.text, affix.as_string());
  });
}

Value starts_with(Call& call) {
  return any_affix(call,
                   [](std::string_view text, std::string_view affix) { return text.starts_with(affix); });
}

Value ends_with(Call& call) {
  return any_affix(call, [](std::string_view text, std::string_view affix) { return text.ends_with(affix); });
}

Value remove_prefix(Call& call) {
  const bool found = own(call).starts_with(call.string(0));
  return found ? call.like_self(own(call).substr(call.string(0).size())) : call.self;
}

Value remove_suffix(Call& call) {
  const bool found = !call.string(0).empty() && own(call).ends_with(call.string(0));
  return found ? call.like_self(own(call).substr(0, own(call).size() - call.string(0).size())) : call.self;
}

Value is_lower_method(Call& call) { return is_lower_text(own(call)); }
Value is_upper_method(Call& call) { return is_upper_text(own(call)); }

constexpr Builtin methods[] = {
    {"capitalize", {}, 0, changed<capitalize>},
    {"count", {"sub", "start", "end"}, 1, count},
    {"endswith", {"suffix", "start", "end"}, 1, ends_with},
    {"find", {"sub", "start", "end"}, 1, find_method_},
    {"index", {"sub", "start", "end"}, 1, index},
    {"isalnum", {}, 0, all_are<is_alphanumeric>},
    {"isalpha", {}, 0, all_are<unicode::is_letter>},
    {"isdecimal", {}, 0, all_are<is_decimal>},
    {"isdigit", {}, 0, all_are<unicode::is_digit>},
    {"islower", {}, 0, is_lower_method},
    {"isspace", {}, 0, all_are<is_space>},
    {"isupper", {}, 0, is_upper_method},
    {"join", {"iterable"}, 1, join_method},
    {"lower", {}, 0, changed<lower>},
    {"lstrip", {"chars"}, 0, stripped<Side::left>},
    {"partition", {"sep"}, 1, partition},
    {"removeprefix", {"prefix"}, 1, remove_prefix},
    {"removesuffix", {"suffix"}, 1, remove_suffix},
    {"replace", {"old", "new", "count"}, 2, replace_method},
    {"rfind", {"sub", "start", "end"}, 1, find_right},
    {"rindex", {"sub", "start", "end"}, 1, index_right},
    {"rpartition", {"sep"}, 1, partition_right},
    {"rsplit", {"sep", "maxsplit"}, 0, split_right_method},
    {"rstrip", {"chars"}, 0, stripped<Side::right>},
    {"split", {"sep", "maxsplit"}, 0, split_method},
    {"splitlines", {"keepends"}, 0, split_lines_method},
    {"startswith", {"prefix", "start", "end"}, 1, starts_with},
    {"strip", {"chars"}, 0, stripped<Side::both>},
    {"title", {}, 0, changed<title>},
    {"upper", {}, 0, changed<upper>},
};

constexpr std::string_view refused_methods[] = {
    "casefold",  "center",       "encode",    "expandtabs",  "format",  "format_map",
    "isascii",   "isidentifier", "isnumeric", "isprintable", "istitle", "ljust",
    "maketrans", "rjust",        "swapcase",  "translate",   "zfill",
};

// Some character is `wanted`, and none has other case.
template <bool (*wanted)(char32_t), bool (*other)(char32_t)>
bool has_only(std::string_view text) {
  spend_scan(text.size() * 8);
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = unicode::next_char(text, at);
    if (other(c) || is_title(c)) return false;
    any = any || wanted(c);
  }
  return any;
}

}  // namespace

const Builtin* find_string_method(std::string_view name) {
  const auto* found = std::find_if(std::begin(methods), std::end(methods),
                                   [&](const Builtin& row) { return row.name == name; });
  return found == std::end(methods) ? nullptr : found;
}

bool is_refused_method(std::string_view name) {
  return std::find(std::begin(refused_methods), std::end(refused_methods), name) != std::end(refused_methods);
}

bool is_lower_text(std::string_view text) {
  return has_only<unicode::is_lowercase, unicode::is_uppercase>(text);
}
bool is_upper_text(std::string_view text) {
  return has_only<unicode::is_uppercase, unicode::is_lowercase>(text);
}

}  // namespace kelvin::jinja
