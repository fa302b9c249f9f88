#include "tokenizer/models/score_merges.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

namespace {

constexpr std::size_t length_limit = 1024;  // bytes of a token: every cut of it is looked up

// The ids of the two parts that the first `n` bytes of a token leave.
BpeMerge parts_of(const TokenTable& vocabulary, int id, std::size_t n) {
  const std::string_view token = vocabulary.token(id);
  return {vocabulary.find(token.substr(0, n)), vocabulary.find(token.substr(n)), id};
}

[[noreturn]] void refuse_char(const TokenTable& vocabulary, int id, std::string_view character) {
  throw TokenizerError("token \"" + std::string(vocabulary.token(id)) + "\" has the character \"" +
                       std::string(character) + "\", which is no token itself");
}

}  // namespace

void merge_by_scores(const TokenTable& vocabulary, const std::vector<double>& scores, BpeSpec& spec,
                     bool every_char) {
  const auto score = [&](int id) { return scores[static_cast<std::size_t>(id)]; };
  std::vector<int> order;
  for (int id = 0; id < vocabulary.limit(); ++id)
    if (vocabulary.has(id) && std::isfinite(score(id))) order.push_back(id);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return score(a) > score(b); });

  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && score(order[i]) < score(order[i - 1])) ++rank;
    const std::string_view token = vocabulary.token(order[i]);
    if (token.size() > length_limit)
      throw TokenizerError("token " + std::to_string(order[i]) + " has " + std::to_string(token.size()) +
                           " bytes, at most " + std::to_string(length_limit) + " expected");
    for (std::size_t begin = 0; begin < token.size();) {
      const std::size_t length = unicode::prefix_of_chars(token.substr(begin, 4), 1);
      if (every_char && length < token.size() && vocabulary.find(token.substr(begin, length)) < 0)
        refuse_char(vocabulary, order[i], token.substr(begin, length));
      begin += length;
      if (begin == token.size()) break;
      const BpeMerge merge = parts_of(vocabulary, order[i], begin);
      if (merge.left < 0 || merge.right < 0) continue;
      spec.merges.push_back(merge);
      spec.ranks.push_back(rank);
    }
  }
}

}  // namespace kelvin::tokenizer
