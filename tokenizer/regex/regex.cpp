#include "tokenizer/regex/regex.h"

#include <utility>

#include "tokenizer/regex/regex_table.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {

Regex::Regex(std::string_view pattern) : Regex(regex::parse_regex(pattern)) {}

Regex::Regex(const regex::RegexNode& tree) : program_(std::make_shared<const regex::RegexProgram>(tree)) {
  if (auto automaton = regex::RegexAutomaton::build(*program_))
    automaton_ = std::make_shared<const regex::RegexAutomaton>(std::move(*automaton));
}

Regex Regex::literal(std::string_view text) {
  if (text.empty()) throw RegexError("an empty pattern matches nowhere and everywhere");
  Regex made;
  made.literal_ = text;
  return made;
}

std::vector<RegexMatch> Regex::find_all(std::string_view text) const {
  std::vector<RegexMatch> matches;
  find_all(text, matches, true);
  return matches;
}

void Regex::find_all(std::string_view text, std::vector<RegexMatch>& matches) const {
  find_all(text, matches, true);
}

Regex::Effort Regex::find_all(std::string_view text, std::vector<RegexMatch>& matches,
                              bool allow_automaton) const {
  Effort effort;
  if (!program_) {
    for (std::size_t at = 0; (at = text.find(literal_, at)) != std::string_view::npos; at += literal_.size())
      matches.push_back({at, at + literal_.size()});
    return effort;
  }

  static constexpr std::size_t none = regex::RegexAutomaton::npos;
  // Characters read beyond a match are read again; past this bound the table takes over.
  const std::size_t waste_limit = 8 * text.size() + 1000;
  std::size_t wasted = 0, last_end = none;
  std::vector<std::int32_t> table;
  std::size_t table_begin = 0;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t end = none;
    if (automaton_ && allow_automaton && wasted <= waste_limit) {
      const regex::RegexAutomaton::Outcome outcome = automaton_->match(*program_, text, at);
      end = outcome.end;
      wasted += outcome.scanned - (end == none ? at : end);
      effort.scanned += outcome.scanned - at;
    } else {
      if (table.empty()) {
        table = regex::match_everywhere(*program_, text, at);
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
      at += at < text.size() ? unicode::prefix_of_chars(text.substr(at, 4), 1) : 1;
    }
  }
  return effort;
}

namespace {

regex::RegexNode between_ends(regex::RegexNode tree) {
  regex::RegexNode begin, end, whole;
  begin.kind = end.kind = regex::RegexNode::Kind::edge;
  begin.border = end.border = true;  // beside it stands no character at all
  begin.ahead = false;
  whole.children = {std::move(begin), std::move(tree), std::move(end)};
  return whole;
}

}  // namespace

RegexFullMatch::RegexFullMatch(std::string_view pattern, RegexOptions options)
    : anchored_(between_ends(regex::parse_regex(pattern, options))) {}

bool RegexFullMatch::operator()(std::string_view text) const { return !anchored_.find_all(text).empty(); }

}  // namespace kelvin
