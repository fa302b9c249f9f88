#include "tokenizer/jinja/string_methods.h"

#include <algorithm>

#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

const std::string& own(const Call& call) { return call.self.as_string(); }

template <std::string (*change)(std::string_view)>
Value changed(Call& call) {
  return call.like_self(change(own(call)));
}

template <Side side>
Value stripped(Call& call) {
  return call.like_self(std::string(strip(own(call), side, call.string_if_given(0))));
}

std::size_t limit(const Call& call, std::size_t index) {
  const std::int64_t count = call.integer_or(index, -1);
  return count < 0 ? no_limit : static_cast<std::size_t>(count);
}

Value split_method(Call& call) {
  if (call.has_some(0) && call.string(0).empty()) call.fail("the separator is empty");
  std::vector<Value> parts;
  for (const std::string& part : split(own(call), call.string_if_given(0), limit(call, 1)))
    parts.push_back(call.like_self(part));
  return Value::list(std::move(parts));
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

Value find_method_(Call& call) {
  const std::size_t at = find(own(call), call.string(0));
  if (at == not_found) return -1;
  return static_cast<std::int64_t>(unicode::count_chars(std::string_view(own(call)).substr(0, at)));
}

template <bool (*matches)(std::string_view text, std::string_view affix)>
Value any_affix(Call& call) {
  const std::vector<Value> affixes =
      call[0].is_sequence(SequenceKind::tuple) ? iterate(call[0]) : std::vector{call[0]};
  return std::any_of(affixes.begin(), affixes.end(), [&](const Value& affix) {
    if (!affix.is_string())
      call.fail("a string or a tuple of strings expected, " + type_name(affix) + " found");
    spend_scan(affix.as_string().size());
    return matches(own(call), affix.as_string());
  });
}

bool starts_with(std::string_view text, std::string_view affix) { return text.starts_with(affix); }
bool ends_with(std::string_view text, std::string_view affix) { return text.ends_with(affix); }

constexpr Builtin methods[] = {
    {"capitalize", {}, 0, changed<capitalize>},
    {"endswith", {"suffix"}, 1, any_affix<ends_with>},
    {"find", {"sub"}, 1, find_method_},
    {"join", {"iterable"}, 1, join_method},
    {"lower", {}, 0, changed<lower>},
    {"lstrip", {"chars"}, 0, stripped<Side::left>},
    {"replace", {"old", "new", "count"}, 2, replace_method},
    {"rstrip", {"chars"}, 0, stripped<Side::right>},
    {"split", {"sep", "maxsplit"}, 0, split_method},
    {"startswith", {"prefix"}, 1, any_affix<starts_with>},
    {"strip", {"chars"}, 0, stripped<Side::both>},
    {"title", {}, 0, changed<title>},
    {"upper", {}, 0, changed<upper>},
};

constexpr std::string_view refused_methods[] = {
    "casefold",   "center",    "count",        "encode",       "expandtabs", "format",  "format_map",
    "index",      "isalnum",   "isalpha",      "isascii",      "isdecimal",  "isdigit", "isidentifier",
    "islower",    "isnumeric", "isprintable",  "isspace",      "istitle",    "isupper", "ljust",
    "maketrans",  "partition", "removeprefix", "removesuffix", "rfind",      "rindex",  "rjust",
    "rpartition", "rsplit",    "splitlines",   "swapcase",     "translate",  "zfill",
};

}  // namespace

const Builtin* find_string_method(std::string_view name) {
  const auto* found = std::find_if(std::begin(methods), std::end(methods),
                                   [&](const Builtin& row) { return row.name == name; });
  return found == std::end(methods) ? nullptr : found;
}

bool is_refused_string_method(std::string_view name) {
  return std::find(std::begin(refused_methods), std::end(refused_methods), name) != std::end(refused_methods);
}

}  // namespace kelvin::jinja
