#include "tokenizer/pipeline/script_runs.h"

#include "tokenizer/unicode/tables.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

void script_runs(std::string_view text, std::vector<RegexMatch>& runs) {
  constexpr int any = -1;
  int last = any;
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    const auto begin = static_cast<std::size_t>(at - text.data());
    const auto* row = unicode::tables::row_of(unicode::tables::scripts_9, unicode::next_char(at));
    const int script = row ? row->value : any;
    if (script == any || script == last) continue;
    if (last != any) runs.back().end = begin;
    runs.push_back({begin, text.size()});
    last = script;
  }
}

}  // namespace kelvin::tokenizer
