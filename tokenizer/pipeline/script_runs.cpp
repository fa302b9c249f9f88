#include "tokenizer/pipeline/script_runs.h"

#include <algorithm>
#include <iterator>

#include "tokenizer/unicode/break_tables.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {

namespace break_tables {

int class_of(const ClassRange* ranges, std::size_t count, char32_t code, int otherwise) {
  const ClassRange* const end = ranges + count;
  const ClassRange* const after = std::upper_bound(
      ranges, end, code, [](char32_t wanted, const ClassRange& range) { return wanted < range.first; });
  return after != ranges && code <= std::prev(after)->last ? std::prev(after)->value : otherwise;
}

}  // namespace break_tables

void script_runs(std::string_view text, std::vector<Match>& runs) {
  constexpr int any = -1;
  int last = any;
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    const auto begin = static_cast<std::size_t>(at - text.data());
    const int script = break_tables::class_of(break_tables::scripts_of_9, break_tables::scripts_of_9_count,
                                              next_char(at), any);
    if (script == any || script == last) continue;
    if (last != any) runs.back().end = begin;
    runs.push_back({begin, text.size()});
    last = script;
  }
}

}  // namespace kelvin
