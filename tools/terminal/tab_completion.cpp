#include "tools/terminal/tab_completion.h"

#include <algorithm>

#include "tokenizer/unicode/utf8.h"

namespace kelvin {
namespace {

// More would push what was typed off the screen.
constexpr std::size_t most_shown = 100;

// What all words begin with.
std::string common_beginning(const std::vector<std::string>& words) {
  std::string common = words.at(0);
  for (const std::string& word : words) {
    const auto [end, other] = std::mismatch(common.begin(), common.end(), word.begin(), word.end());
    common.erase(end, common.end());
  }
  while (!unicode::is_utf8(common)) common.pop_back();
  return common;
}

// Of a path only its last part: the folder has been typed.
std::string last_part(const std::string& word) {
  const std::size_t slash = word.size() < 2 ? word.npos : word.rfind('/', word.size() - 2);
  return slash == word.npos || slash == 0 ? word : word.substr(slash + 1);
}

}  // namespace

std::string complete(EditBuffer& buffer, const Completions& found) {
  if (found.words.empty()) return "";
  const std::string typed = buffer.text().substr(found.begin, buffer.cursor() - found.begin);
  const std::string common = common_beginning(found.words);
  const bool only = found.words.size() == 1;
  if (only || common.size() > typed.size()) {
    buffer.insert(common.substr(typed.size()));
    if (only && buffer.cursor() == buffer.text().size() && !common.ends_with('/')) buffer.insert(" ");
    return "";
  }
  std::string list;
  for (std::size_t i = 0; i < std::min(found.words.size(), most_shown); ++i)
    list += (list.empty() ? "" : "  ") + last_part(found.words[i]);
  if (found.words.size() > most_shown)
    list += "  and " + std::to_string(found.words.size() - most_shown) + " more";
  return list + "\n";
}

}  // namespace kelvin
