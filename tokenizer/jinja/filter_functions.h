// The functions behind the rows of tables.cpp.
#pragma once

#include "tokenizer/jinja/builtin.h"

namespace kelvin::jinja {

// string_filters.cpp
Value filter_capitalize(Call& call);
Value filter_center(Call& call);
Value filter_escape(Call& call);
Value filter_force_escape(Call& call);
Value filter_format(Call& call);
Value filter_indent(Call& call);
Value filter_lower(Call& call);
Value filter_replace(Call& call);
Value filter_safe(Call& call);
Value filter_string(Call& call);
Value filter_title(Call& call);
Value filter_tojson(Call& call);
Value filter_trim(Call& call);
Value filter_truncate(Call& call);
Value filter_upper(Call& call);
Value filter_urlencode(Call& call);
Value filter_wordcount(Call& call);
Value filter_xmlattr(Call& call);

// wrapping_filters.cpp, pretty_print.cpp
Value filter_pprint(Call& call);
Value filter_striptags(Call& call);
Value filter_wordwrap(Call& call);
Value unescape(Call& call);  // a method of markup

// number_filters.cpp
Value filter_abs(Call& call);
Value filter_filesizeformat(Call& call);
Value filter_float(Call& call);
Value filter_int(Call& call);
Value filter_round(Call& call);

// sequence_filters.cpp
Value filter_batch(Call& call);
Value filter_default(Call& call);
Value filter_first(Call& call);
Value filter_items(Call& call);
Value filter_join(Call& call);
Value filter_last(Call& call);
Value filter_length(Call& call);
Value filter_list(Call& call);
Value filter_reverse(Call& call);
Value filter_slice(Call& call);
Value filter_sum(Call& call);

// selecting_filters.cpp: those that look at attributes, apply other filters or tests, or sort
Value filter_attr(Call& call);
Value filter_dictsort(Call& call);
Value filter_groupby(Call& call);
Value filter_map(Call& call);
Value filter_max(Call& call);
Value filter_min(Call& call);
Value filter_reject(Call& call);
Value filter_rejectattr(Call& call);
Value filter_select(Call& call);
Value filter_selectattr(Call& call);
Value filter_sort(Call& call);
Value filter_unique(Call& call);

// globals.cpp
Value global_cycler(Call& call);
Value global_dict(Call& call);
Value global_dict_fromkeys(Call& call);
Value global_joiner(Call& call);
Value global_namespace(Call& call);
Value global_raise_exception(Call& call);
Value global_range(Call& call);
Value global_strftime_now(Call& call);

// Looks up a path such as "function.name" or "0.id", part by part; the item itself if `attribute` is None.
// `fallback` replaces what is undefined on the way, unless it is None.
Value attribute_path(const Value& item, const Value& attribute, const Value& fallback = {});
// What filters and tests take for lists that are built as they are read.
Value generator(std::vector<Value> items);

}  // namespace kelvin::jinja
