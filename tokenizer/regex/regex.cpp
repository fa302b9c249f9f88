#include "tokenizer/regex/regex.h"

#include <utility>

#include "tokenizer/regex/regex_table.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {

Regex::Regex(std::string_view pattern) : program_(std::make_shared<const RegexProgram>(pattern)) {
  if (auto automaton = RegexAutomaton::build(*program_))
    automaton_ = std::make_shared<const RegexAutomaton>(std::move(*automaton));
}

Regex Regex::literal(std::string_view text) {
  if (text.empty()) throw RegexError("an empty pattern matches nowhere and everywhere");
  Regex made;
  made.literal_ = text;
  return made;
}

std::vector<Match> Regex::find_all(std::string_view text) const {
  std::vector<Match> matches;
  find_all(text, matches, true);
  return matches;
}

void Regex::find_all(std::string_view text, std::vector<Match>& matches) const {
  find_all(text, matches, true);
}

Regex::Effort Regex::find_all(std::string_view text, std::vector<Match>& matches,
                              bool allow_automaton) const {
  Effort effort;
  if (!program_) {
    for (std::size_t at = 0; (at = text.find(literal_, at)) != std::string_view::npos; at += literal_.size())
      matches.push_back({at, at + literal_.size()});
    return effort;
  }

  static constexpr std::size_t none = RegexAutomaton::npos;
  // Characters read beyond a match are read again; past this bound the table takes over.
  const std::size_t waste_limit = 8 * text.size() + 1000;
  std::size_t wasted = 0, last_end = none;
  std::vector<std::int32_t> table;
  std::size_t table_begin = 0;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t end = none;
    if (automaton_ && allow_automaton && wasted <= waste_limit) {
      const RegexAutomaton::Outcome outcome = automaton_->match(*program_, text, at);
      end = outcome.end;
      wasted += outcome.scanned - (end == none ? at : end);
      effort.scanned += outcome.scanned - at;
    } else {
      if (table.empty()) {
        table = match_everywhere(*program_, text, at);
        table_begin = at;
        effort.used_table = true;
      }
      const std::int32_t found = table[at - table_begin];
      if (found >= 0) end = static_cast<std::size_t>(found);
    }
    const bool repeated = end == at && last_end == at;
    if (end != none && !repeated) matches.push_back({at, last_end = end});
    if (end != none && end > at) {
      at = end;
    } else if (end == none || repeated) {
      at += at < text.size() ? prefix_of_chars(text.substr(at, 4), 1) : 1;
    }
  }
  return effort;
}

}  // namespace kelvin
