// All filters, tests and global functions, with the parameters jinja2 gives them. Methods are in methods.cpp. README.md
// says why the ones of jinja2 at the end are refused.
#include <algorithm>
#include <span>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"

namespace kelvin::jinja {

namespace {

constexpr Builtin filters[] = {
    {"capitalize", {}, 0, filter_capitalize},
    {"count", {}, 0, filter_length},
    {"d", {"default_value", "boolean"}, 0, filter_default},
    {"default", {"default_value", "boolean"}, 0, filter_default},
    {"dictsort", {"case_sensitive", "by", "reverse"}, 0, filter_dictsort},
    {"e", {}, 0, filter_escape},
    {"escape", {}, 0, filter_escape},
    {"first", {}, 0, filter_first},
    {"indent", {"width", "first", "blank"}, 0, filter_indent},
    {"int", {"default"}, 0, filter_int},
    {"items", {}, 0, filter_items},
    {"join", {"d", "attribute"}, 0, filter_join},
    {"last", {}, 0, filter_last},
    {"length", {}, 0, filter_length},
    {"list", {}, 0, filter_list},
    {"lower", {}, 0, filter_lower},
    {"map", {"*"}, 0, filter_map},
    {"reject", {"*"}, 0, filter_reject},
    {"rejectattr", {"*"}, 0, filter_rejectattr},
    {"replace", {"old", "new", "count"}, 2, filter_replace},
    {"reverse", {}, 0, filter_reverse},
    {"safe", {}, 0, filter_safe},
    {"select", {"*"}, 0, filter_select},
    {"selectattr", {"*"}, 0, filter_selectattr},
    {"sort", {"reverse", "case_sensitive", "attribute"}, 0, filter_sort},
    {"string", {}, 0, filter_string},
    {"title", {}, 0, filter_title},
    {"tojson", {"ensure_ascii", "indent", "separators", "sort_keys"}, 0, filter_tojson},
    {"trim", {"chars"}, 0, filter_trim},
    {"upper", {}, 0, filter_upper},
};

Value parity_is(const Value& value, int rest) { return equal(binary_operation("%", value, 2), rest); }

bool has_length_and_subscripts(const Value& value) {
  return value.is_undefined() || value.is_string() || value.is_dict() ||
         (value.is_sequence() && value.as_sequence().kind < SequenceKind::generator);
}

Value test_boolean(Call& c) { return c.self.is_bool(); }
Value test_defined(Call& c) { return !c.self.is_undefined(); }
Value test_equal(Call& c) { return equal(c.self, c[0]); }
Value test_even(Call& c) { return parity_is(c.self, 0); }
Value test_false(Call& c) { return c.self.is_bool() && !c.self.as_bool(); }
Value test_float(Call& c) { return c.self.is_real(); }
Value test_greater(Call& c) { return less(c[0], c.self); }
Value test_greater_equal(Call& c) { return less(c[0], c.self) || equal(c.self, c[0]); }
Value test_in(Call& c) { return contains(c[0], c.self); }
Value test_integer(Call& c) { return c.self.is_integer(); }
Value test_iterable(Call& c) { return is_iterable(c.self); }
Value test_less(Call& c) { return less(c.self, c[0]); }
Value test_less_equal(Call& c) { return less(c.self, c[0]) || equal(c.self, c[0]); }
Value test_mapping(Call& c) { return c.self.is_dict(); }
Value test_none(Call& c) { return c.self.is_none(); }
Value test_number(Call& c) { return c.self.is_number(); }
Value test_odd(Call& c) { return parity_is(c.self, 1); }
Value test_same(Call& c) { return c.self.same(c[0]); }
Value test_sequence(Call& c) { return has_length_and_subscripts(c.self); }
Value test_string(Call& c) { return c.self.is_string(); }
Value test_true(Call& c) { return c.self.is_bool() && c.self.as_bool(); }
Value test_undefined(Call& c) { return c.self.is_undefined(); }
Value test_unequal(Call& c) { return !equal(c.self, c[0]); }

constexpr Builtin tests[] = {
    {"!=", {"other"}, 1, test_unequal},
    {"<", {"other"}, 1, test_less},
    {"<=", {"other"}, 1, test_less_equal},
    {"==", {"other"}, 1, test_equal},
    {">", {"other"}, 1, test_greater},
    {">=", {"other"}, 1, test_greater_equal},
    {"boolean", {}, 0, test_boolean},
    {"defined", {}, 0, test_defined},
    {"eq", {"other"}, 1, test_equal},
    {"equalto", {"other"}, 1, test_equal},
    {"even", {}, 0, test_even},
    {"false", {}, 0, test_false},
    {"float", {}, 0, test_float},
    {"ge", {"other"}, 1, test_greater_equal},
    {"greaterthan", {"other"}, 1, test_greater},
    {"gt", {"other"}, 1, test_greater},
    {"in", {"seq"}, 1, test_in},
    {"integer", {}, 0, test_integer},
    {"iterable", {}, 0, test_iterable},
    {"le", {"other"}, 1, test_less_equal},
    {"lessthan", {"other"}, 1, test_less},
    {"lt", {"other"}, 1, test_less},
    {"mapping", {}, 0, test_mapping},
    {"ne", {"other"}, 1, test_unequal},
    {"none", {}, 0, test_none},
    {"number", {}, 0, test_number},
    {"odd", {}, 0, test_odd},
    {"sameas", {"other"}, 1, test_same},
    {"sequence", {}, 0, test_sequence},
    {"string", {}, 0, test_string},
    {"true", {}, 0, test_true},
    {"undefined", {}, 0, test_undefined},
};

constexpr Builtin globals[] = {
    {"dict", {"*"}, 0, global_dict},
    {"namespace", {"*"}, 0, global_namespace},
    {"raise_exception", {"message"}, 1, global_raise_exception},
    {"range", {"start", "stop", "step"}, 1, global_range},
    {"strftime_now", {"format"}, 1, global_strftime_now},
};

template <std::size_t size>
const Builtin* row(const Builtin (&table)[size], std::string_view name) {
  for (const Builtin& candidate : table)
    if (candidate.name == name) return &candidate;
  return nullptr;
}

constexpr std::string_view refused_filters[] = {
    "abs",     "attr",     "batch",  "center",    "filesizeformat", "float",     "forceescape", "format",
    "groupby", "max",      "min",    "pprint",    "random",         "round",     "slice",       "striptags",
    "sum",     "truncate", "unique", "urlencode", "urlize",         "wordcount", "wordwrap",    "xmlattr",
};
constexpr std::string_view refused_tests[] = {"callable", "divisibleby", "escaped", "filter",
                                              "lower",    "test",        "upper"};
constexpr std::string_view refused_globals[] = {"cycler", "joiner", "lipsum"};

// The error for a name that is in no table: it says whether jinja2 knows it.
std::string missing(std::string_view what, std::string_view name, std::span<const std::string_view> refused) {
  if (std::find(refused.begin(), refused.end(), name) != refused.end())
    return "the " + std::string(what) + " '" + std::string(name) + "' is not supported";
  return "unknown " + std::string(what) + " '" + std::string(name.substr(0, 60)) + "'";
}

}  // namespace

std::string missing_filter(std::string_view name) { return missing("filter", name, refused_filters); }
std::string missing_test(std::string_view name) { return missing("test", name, refused_tests); }

std::string missing_name(std::string_view name) {
  const bool refused =
      std::find(std::begin(refused_globals), std::end(refused_globals), name) != std::end(refused_globals);
  if (refused) return "the function '" + std::string(name) + "' is not supported";
  return "'" + std::string(name) + "' is undefined";
}

const Builtin* find_filter(std::string_view name) { return row(filters, name); }
const Builtin* find_test(std::string_view name) { return row(tests, name); }
const Builtin* find_global(std::string_view name) { return row(globals, name); }

}  // namespace kelvin::jinja
