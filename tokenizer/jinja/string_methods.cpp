#include "tokenizer/jinja/string_methods.h"

#include <algorithm>

#include "tokenizer/jinja/bytes.h"
#include "tokenizer/jinja/characters.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/case.h"
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

bool is_alphanumeric(char32_t c) {
  return unicode::is_letter(c) || is_decimal(c) || is_digit(c) || is_numeric(c);
}

std::size_t limit(const Call& call, std::size_t index) {
  const std::int64_t count = call.integer_or(index, -1);
  return count < 0 ? no_limit : static_cast<std::size_t>(count);
}

// A text that is put into the string: escaped where that is markup and the text is not.
std::string beside_self(const Call& call, const Value& text) {
  return call.self.as_text().markup ? escaped(text) : text.as_string();
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
  return at == not_found ? Value::tuple({call.self, call.like_self(""), call.like_self("")})
                         : parts(call, at);
}

Value partition_right(Call& call) {
  if (call.string(0).empty()) call.fail("the separator is empty");
  const std::size_t at = find_last(own(call), call.string(0));
  return at == not_found ? Value::tuple({call.like_self(""), call.like_self(""), call.self})
                         : parts(call, at);
}

Value replace_method(Call& call) {
  call.string(1);
  return call.like_self(replace(own(call), call.string(0), beside_self(call, call[1]), limit(call, 2)));
}

Value join_method(Call& call) {
  TextBuilder text;
  bool first = true;
  for (const Value& item : iterate(call[0])) {
    if (!item.is_string()) call.fail("a string expected in the list, " + type_name(item) + " found");
    if (!std::exchange(first, false)) text.append(own(call));
    text.append(beside_self(call, item));
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

Value index_in_string(Call& call) { return index_of(call, false); }
Value index_right(Call& call) { return index_of(call, true); }

Value count_in_string(Call& call) {
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

Value padded(const Call& call, std::int64_t left, std::int64_t right, std::string_view fill) {
  if (unicode::count_chars(fill) != 1) call.fail("the fill must be one character");
  const std::string before = repeat(fill, static_cast<std::size_t>(std::max<std::int64_t>(left, 0)));
  const std::string after = repeat(fill, static_cast<std::size_t>(std::max<std::int64_t>(right, 0)));
  afford(before.size() + after.size() + own(call).size());
  return call.like_self(before + own(call) + after);
}

std::int64_t margin(const Call& call) {
  return std::max<std::int64_t>(call.integer(0), 0) - static_cast<std::int64_t>(call.self.as_text().length);
}
std::string fill(const Call& call) {
  if (!call.has(1)) return " ";
  call.string(1);
  return beside_self(call, call[1]);
}

Value center(Call& call) {
  const std::int64_t room = std::max<std::int64_t>(margin(call), 0);
  const std::int64_t left = room / 2 + (room & call.integer(0) & 1);
  return padded(call, left, room - left, fill(call));
}

Value justify_left(Call& call) { return padded(call, 0, margin(call), fill(call)); }
Value justify_right(Call& call) { return padded(call, margin(call), 0, fill(call)); }

Value fill_with_zeros(Call& call) {
  if (margin(call) <= 0) return call.self;
  const bool sign = own(call).starts_with('-') || own(call).starts_with('+');
  const std::string zeros = repeat("0", static_cast<std::size_t>(margin(call)));
  return call.like_self(own(call).substr(0, sign) + zeros + own(call).substr(sign));
}

Value expand_tabs(Call& call) {
  const std::int64_t size = call.integer_or(0, 8);
  TextBuilder text;
  std::int64_t column = 0;
  for (std::size_t at = 0; at < own(call).size();) {
    const std::size_t start = at;
    const char32_t c = unicode::next_char(own(call), at);
    if (c == '\t') {
      const std::int64_t spaces = size > 0 ? size - column % size : 0;
      text.append(static_cast<std::size_t>(spaces), ' ');
      column += spaces;
    } else {
      text.append(std::string_view(own(call)).substr(start, at - start));
      column = c == '\n' || c == '\r' ? 0 : column + 1;
    }
  }
  return call.like_self(text.take());
}

Value is_ascii(Call& call) {
  return std::all_of(own(call).begin(), own(call).end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

Value is_identifier(Call& call) {
  for (std::size_t at = 0; at < own(call).size();) {
    const bool first = at == 0;
    const char32_t c = unicode::next_char(own(call), at);
    if (c != '_' && !unicode::is_letter(c) && (first || !is_decimal(c))) return false;
  }
  return !own(call).empty();
}

Value is_lower_method(Call& call) { return is_lower_text(own(call)); }
Value is_upper_method(Call& call) { return is_upper_text(own(call)); }

Value is_title(Call& call) {
  bool after_cased = false, any = false;
  for (std::size_t at = 0; at < own(call).size();) {
    const char32_t c = unicode::next_char(own(call), at);
    if (unicode::is_lowercase(c) ? !after_cased : is_cased(c) && after_cased) return false;
    after_cased = is_cased(c);
    any = any || after_cased;
  }
  return any;
}

Value format(Call& call) {
  std::vector<Entry> named;
  for (const auto& [name, value] : call.arguments.named) named.emplace_back(name, value);
  return call.like_self(
      brace_format(call.self.as_text(), call.arguments.positional, Value::dict(std::move(named))));
}

Value format_map(Call& call) {
  if (!call[0].is_dict()) call.fail("a dict expected");
  return call.like_self(brace_format(call.self.as_text(), {}, call[0]));
}

// utf-8 and what is part of it: the others are no use to a template.
Value encode(Call& call) {
  const std::string encoding = lower(call.string_if_given(0).value_or("utf-8"));
  const bool ascii = encoding == "ascii" || encoding == "us-ascii";
  if (!ascii && encoding != "utf-8" && encoding != "utf8") call.fail("only utf-8 and ascii are supported");
  if (ascii && !is_ascii(call).truth()) call.fail("a character beyond ASCII");
  return bytes_value(own(call));
}

// A dict of code points, or two strings of one length and one of characters to leave out.
Value make_translation(Call& call) {
  std::vector<Entry> entries;
  const auto code_of = [&](const std::string& text) {
    std::size_t at = 0;
    const char32_t code = text.empty() ? 0 : unicode::next_char(text, at);
    if (text.empty() || at != text.size()) call.fail("keys must be one character long");
    return static_cast<std::int64_t>(code);
  };
  if (!call.has(1)) {
    if (!call[0].is_dict()) call.fail("a dict expected");
    for (const auto& [key, value] : call[0].as_dict().entries())
      entries.emplace_back(key.is_string() ? Value(code_of(key.as_string())) : key, value);
    return Value::dict(std::move(entries));
  }
  if (!call[0].is_string() || !call[1].is_string()) call.fail("strings expected");
  const std::vector<Value> from = iterate(call[0]), to = iterate(call[1]);
  if (from.size() != to.size()) call.fail("two strings of one length expected");
  for (std::size_t i = 0; i < from.size(); ++i)
    entries.emplace_back(code_of(from[i].as_string()), code_of(to[i].as_string()));
  if (call.has(2)) {
    call.string(2);
    for (const Value& gone : iterate(call[2])) entries.emplace_back(code_of(gone.as_string()), Value());
  }
  return Value::dict(std::move(entries));
}

Value translate(Call& call) {
  TextBuilder text;
  for (std::size_t at = 0; at < own(call).size();) {
    const std::size_t start = at;
    const auto code = static_cast<std::int64_t>(unicode::next_char(own(call), at));
    // What the table lacks stays; what it has must be a replacement, which an undefined value is not.
    const std::optional<Value> found = find_item(call[0], code);
    if (!found) {
      text.append(std::string_view(own(call)).substr(start, at - start));
      continue;
    }
    const Value& by = *found;
    if (by.is_string()) {
      text.append(by.as_string());
    } else if (by.is_integral() && by.as_integer() >= 0 && by.as_integer() < 0x110000 &&
               (by.as_integer() < 0xD800 || by.as_integer() > 0xDFFF)) {
      text.append(unicode::to_utf8(static_cast<char32_t>(by.as_integer())));
    } else if (!by.is_none()) {
      call.fail("characters become a string, a code point or None");
    }
  }
  return call.like_self(text.take());
}

constexpr Builtin methods[] = {
    {"capitalize", {}, 0, changed<capitalize>, false},
    {"casefold", {}, 0, changed<case_fold>, false},
    {"center", {"width", "fillchar"}, 1, center, false},
    {"count", {"sub", "start", "end"}, 1, count_in_string, false},
    {"encode", {"encoding", "errors"}, 0, encode},
    {"endswith", {"suffix", "start", "end"}, 1, ends_with, false},
    {"expandtabs", {"tabsize"}, 0, expand_tabs},
    {"find", {"sub", "start", "end"}, 1, find_method_, false},
    {"format", {"*"}, 0, format},
    {"format_map", {"mapping"}, 1, format_map, false},
    {"index", {"sub", "start", "end"}, 1, index_in_string, false},
    {"isalnum", {}, 0, all_are<is_alphanumeric>, false},
    {"isalpha", {}, 0, all_are<unicode::is_letter>, false},
    {"isascii", {}, 0, is_ascii, false},
    {"isdecimal", {}, 0, all_are<is_decimal>, false},
    {"isdigit", {}, 0, all_are<is_digit>, false},
    {"isidentifier", {}, 0, is_identifier, false},
    {"islower", {}, 0, is_lower_method, false},
    {"isnumeric", {}, 0, all_are<is_numeric>, false},
    {"isprintable",
     {},
     0,
     [](Call& call) {
       return Value(call.self.as_text().length == 0 || all_are<is_printable>(call).truth());
     }},
    {"isspace", {}, 0, all_are<is_space>, false},
    {"istitle", {}, 0, is_title, false},
    {"isupper", {}, 0, is_upper_method, false},
    {"join", {"iterable"}, 1, join_method, false},
    {"ljust", {"width", "fillchar"}, 1, justify_left, false},
    {"lower", {}, 0, changed<lower>, false},
    {"lstrip", {"chars"}, 0, stripped<Side::left>, false},
    {"maketrans", {"x", "y", "z"}, 1, make_translation, false},
    {"partition", {"sep"}, 1, partition, false},
    {"removeprefix", {"prefix"}, 1, remove_prefix, false},
    {"removesuffix", {"suffix"}, 1, remove_suffix, false},
    {"replace", {"old", "new", "count"}, 2, replace_method, false},
    {"rfind", {"sub", "start", "end"}, 1, find_right, false},
    {"rindex", {"sub", "start", "end"}, 1, index_right, false},
    {"rjust", {"width", "fillchar"}, 1, justify_right, false},
    {"rpartition", {"sep"}, 1, partition_right, false},
    {"rsplit", {"sep", "maxsplit"}, 0, split_right_method},
    {"rstrip", {"chars"}, 0, stripped<Side::right>, false},
    {"split", {"sep", "maxsplit"}, 0, split_method},
    {"splitlines", {"keepends"}, 0, split_lines_method},
    {"startswith", {"prefix", "start", "end"}, 1, starts_with, false},
    {"strip", {"chars"}, 0, stripped<Side::both>, false},
    {"swapcase", {}, 0, changed<swap_case>, false},
    {"title", {}, 0, changed<title>, false},
    {"translate", {"table"}, 1, translate, false},
    {"upper", {}, 0, changed<upper>, false},
    {"zfill", {"width"}, 1, fill_with_zeros, false},
};

bool is_not_lower(char32_t c) { return is_cased(c) && !unicode::is_lowercase(c); }  // title case is neither
bool is_not_upper(char32_t c) { return is_cased(c) && !unicode::is_uppercase(c); }

template <bool (*wanted)(char32_t), bool (*other)(char32_t)>
bool has_only(std::string_view text) {
  spend_scan(text.size() * 8);
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = unicode::next_char(text, at);
    if (other(c)) return false;
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

bool is_lower_text(std::string_view text) { return has_only<unicode::is_lowercase, is_not_lower>(text); }
bool is_upper_text(std::string_view text) { return has_only<unicode::is_uppercase, is_not_upper>(text); }

}  // namespace kelvin::jinja
