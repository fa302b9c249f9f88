// All filters, tests and global functions, with the parameters jinja2 gives them. Methods are in methods.cpp.
// Left out because they would differ from run to run or exist for HTML pages: random, lipsum, urlize.
#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/string_methods.h"

namespace kelvin::jinja {

namespace {

constexpr Builtin filters[] = {
    {"abs", {}, 0, filter_abs},
    {"attr", {"name"}, 1, filter_attr},
    {"batch", {"linecount", "fill_with"}, 1, filter_batch},
    {"capitalize", {}, 0, filter_capitalize},
    {"center", {"width"}, 0, filter_center},
    {"count", {}, 0, filter_length},
    {"d", {"default_value", "boolean"}, 0, filter_default},
    {"default", {"default_value", "boolean"}, 0, filter_default},
    {"dictsort", {"case_sensitive", "by", "reverse"}, 0, filter_dictsort},
    {"e", {}, 0, filter_escape},
    {"escape", {}, 0, filter_escape},
    {"filesizeformat", {"binary"}, 0, filter_filesizeformat},
    {"first", {}, 0, filter_first},
    {"float", {"default"}, 0, filter_float},
    {"forceescape", {}, 0, filter_force_escape},
    {"format", {"*"}, 0, filter_format},
    {"groupby", {"attribute", "default", "case_sensitive"}, 1, filter_groupby},
    {"indent", {"width", "first", "blank"}, 0, filter_indent},
    {"int", {"default", "base"}, 0, filter_int},
    {"items", {}, 0, filter_items},
    {"join", {"d", "attribute"}, 0, filter_join},
    {"last", {}, 0, filter_last},
    {"length", {}, 0, filter_length},
    {"list", {}, 0, filter_list},
    {"lower", {}, 0, filter_lower},
    {"map", {"*"}, 0, filter_map},
    {"max", {"case_sensitive", "attribute"}, 0, filter_max},
    {"min", {"case_sensitive", "attribute"}, 0, filter_min},
    {"pprint", {"verbose"}, 0, filter_pprint},
    {"reject", {"*"}, 0, filter_reject},
    {"rejectattr", {"*"}, 0, filter_rejectattr},
    {"replace", {"old", "new", "count"}, 2, filter_replace},
    {"reverse", {}, 0, filter_reverse},
    {"round", {"precision", "method"}, 0, filter_round},
    {"safe", {}, 0, filter_safe},
    {"select", {"*"}, 0, filter_select},
    {"selectattr", {"*"}, 0, filter_selectattr},
    {"slice", {"slices", "fill_with"}, 1, filter_slice},
    {"sort", {"reverse", "case_sensitive", "attribute"}, 0, filter_sort},
    {"string", {}, 0, filter_string},
    {"striptags", {}, 0, filter_striptags},
    {"sum", {"attribute", "start"}, 0, filter_sum},
    {"title", {}, 0, filter_title},
    {"tojson", {"ensure_ascii", "indent", "separators", "sort_keys"}, 0, filter_tojson},
    {"trim", {"chars"}, 0, filter_trim},
    {"truncate", {"length", "killwords", "end", "leeway"}, 0, filter_truncate},
    {"unique", {"case_sensitive", "attribute"}, 0, filter_unique},
    {"upper", {}, 0, filter_upper},
    {"urlencode", {}, 0, filter_urlencode},
    {"wordcount", {}, 0, filter_wordcount},
    {"wordwrap", {"width", "break_long_words", "wrapstring", "break_on_hyphens"}, 0, filter_wordwrap},
    {"xmlattr", {"autospace"}, 0, filter_xmlattr},
};

Value remainder_is(const Value& value, const Value& divisor, int rest) {
  return equal(binary_operation("%", value, divisor), rest);
}

bool has_length_and_subscripts(const Value& value) {
  return value.is_undefined() || value.is_string() || value.is_dict() ||
         (value.is_sequence() && value.as_sequence().kind < SequenceKind::generator);
}

Value test_boolean(Call& c) { return c.self.is_bool(); }
Value test_callable(Call& c) {
  return c.self.is_undefined() || (c.self.is_object() && c.self.as_object()->is_callable());
}
Value test_defined(Call& c) { return !c.self.is_undefined(); }
Value test_divisible(Call& c) { return remainder_is(c.self, c[0], 0); }
Value test_escaped(Call& c) { return c.self.is_string() && c.self.as_text().markup; }
Value test_equal(Call& c) { return equal(c.self, c[0]); }
Value test_even(Call& c) { return remainder_is(c.self, 2, 0); }
Value test_false(Call& c) { return c.self.is_bool() && !c.self.as_bool(); }
// Filters and tests are looked up in a dict.
void check_name(const Call& c) {
  if (!is_hashable(c.self)) c.fail("a " + type_name(c.self) + " is no name");
}
Value test_filter(Call& c) {
  check_name(c);
  return c.self.is_string() && find_filter(c.self.as_string());
}
Value test_float(Call& c) { return c.self.is_real(); }
Value test_greater(Call& c) { return less(c[0], c.self); }
Value test_greater_equal(Call& c) { return less(c[0], c.self) || equal(c.self, c[0]); }
Value test_in(Call& c) { return contains(c[0], c.self); }
Value test_integer(Call& c) { return c.self.is_integer(); }
Value test_iterable(Call& c) { return is_iterable(c.self); }
Value test_less(Call& c) { return less(c.self, c[0]); }
Value test_less_equal(Call& c) { return less(c.self, c[0]) || equal(c.self, c[0]); }
Value test_lower(Call& c) { return is_lower_text(c.self_text()); }
Value test_mapping(Call& c) { return c.self.is_dict(); }
Value test_none(Call& c) { return c.self.is_none(); }
Value test_number(Call& c) { return c.self.is_number(); }
Value test_odd(Call& c) { return remainder_is(c.self, 2, 1); }
Value test_same(Call& c) { return c.self.same(c[0]); }
Value test_sequence(Call& c) { return has_length_and_subscripts(c.self); }
Value test_string(Call& c) { return c.self.is_string(); }
Value test_test(Call& c) {
  check_name(c);
  return c.self.is_string() && find_test(c.self.as_string());
}
Value test_true(Call& c) { return c.self.is_bool() && c.self.as_bool(); }
Value test_undefined(Call& c) { return c.self.is_undefined(); }
Value test_unequal(Call& c) { return !equal(c.self, c[0]); }
Value test_upper(Call& c) { return is_upper_text(c.self_text()); }

constexpr Builtin tests[] = {
    {"!=", {"other"}, 1, test_unequal},
    {"<", {"other"}, 1, test_less},
    {"<=", {"other"}, 1, test_less_equal},
    {"==", {"other"}, 1, test_equal},
    {">", {"other"}, 1, test_greater},
    {">=", {"other"}, 1, test_greater_equal},
    {"boolean", {}, 0, test_boolean},
    {"callable", {}, 0, test_callable},
    {"defined", {}, 0, test_defined},
    {"divisibleby", {"num"}, 1, test_divisible},
    {"eq", {"other"}, 1, test_equal},
    {"equalto", {"other"}, 1, test_equal},
    {"escaped", {}, 0, test_escaped},
    {"even", {}, 0, test_even},
    {"false", {}, 0, test_false},
    {"filter", {}, 0, test_filter},
    {"float", {}, 0, test_float},
    {"ge", {"other"}, 1, test_greater_equal},
    {"greaterthan", {"other"}, 1, test_greater},
    {"gt", {"other"}, 1, test_greater},
    {"in", {"seq"}, 1, test_in},
    {"integer", {}, 0, test_integer},
    {"iterable", {}, 0, test_iterable},
    {"le", {"other"}, 1, test_less_equal},
    {"lessthan", {"other"}, 1, test_less},
    {"lower", {}, 0, test_lower},
    {"lt", {"other"}, 1, test_less},
    {"mapping", {}, 0, test_mapping},
    {"ne", {"other"}, 1, test_unequal},
    {"none", {}, 0, test_none},
    {"number", {}, 0, test_number},
    {"odd", {}, 0, test_odd},
    {"sameas", {"other"}, 1, test_same},
    {"sequence", {}, 0, test_sequence},
    {"string", {}, 0, test_string},
    {"test", {}, 0, test_test},
    {"true", {}, 0, test_true},
    {"undefined", {}, 0, test_undefined},
    {"upper", {}, 0, test_upper},
};

constexpr Builtin globals[] = {
    {"cycler", {"*"}, 0, global_cycler},
    {"dict", {"*"}, 0, global_dict},
    {"dict.fromkeys", {"iterable", "value"}, 1, global_dict_fromkeys, false},
    {"joiner", {"sep"}, 0, global_joiner},
    {"namespace", {"*"}, 0, global_namespace},
    {"raise_exception", {"message"}, 1, global_raise_exception},
    {"range", {"start", "stop", "step"}, 1, global_range, false},
    {"strftime_now", {"format"}, 1, global_strftime_now},
};

template <std::size_t size>
const Builtin* row(const Builtin (&table)[size], std::string_view name) {
  for (const Builtin& candidate : table)
    if (candidate.name == name) return &candidate;
  return nullptr;
}

}  // namespace

const Builtin* find_filter(std::string_view name) { return row(filters, name); }
const Builtin* find_test(std::string_view name) { return row(tests, name); }
const Builtin* find_global(std::string_view name) { return row(globals, name); }

}  // namespace kelvin::jinja
