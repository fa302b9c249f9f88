#include "tokenizer/models/bpe_merge.h"

#include <array>
#include <functional>
#include <queue>

namespace kelvin::tokenizer {

namespace {

constexpr std::size_t short_word = 48;  // symbols

struct Candidate {
  std::uint32_t rank;
  std::uint32_t at;  // of the left symbol
  bool operator>(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

}  // namespace

void merge_word(std::vector<int>& symbols, const MergeTable& table) {
  if (symbols.size() <= short_word)
    merge_short_word(symbols, table);
  else
    merge_long_word(symbols, table);
}

void merge_short_word(std::vector<int>& symbols, const MergeTable& table) {
  std::size_t n = symbols.size();
  std::array<MergeRule, short_word> near;  // rules[i]: of the pair i, i + 1
  std::vector<MergeRule> more;
  MergeRule* rules = near.data();
  if (n > short_word) {
    more.resize(n);
    rules = more.data();
  }
  for (std::size_t i = 0; i + 1 < n; ++i) rules[i] = table.find(symbols[i], symbols[i + 1]);
  while (n > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < n; ++i)
      if (rules[i].rank < rules[best].rank) best = i;
    if (rules[best].rank == MergeTable::no_rank) break;
    symbols[best] = rules[best].merged;
    for (std::size_t i = best + 1; i + 1 < n; ++i) {
      symbols[i] = symbols[i + 1];
      rules[i] = rules[i + 1];
    }
    --n;
    if (best > 0) rules[best - 1] = table.find(symbols[best - 1], symbols[best]);
    if (best + 1 < n) rules[best] = table.find(symbols[best], symbols[best + 1]);
  }
  symbols.resize(n);
}

void merge_long_word(std::vector<int>& symbols, const MergeTable& table) {
  // A list over the symbols; what was merged into its left neighbour is -1.
  const auto n = static_cast<std::uint32_t>(symbols.size());
  std::vector<std::uint32_t> previous(n), next(n);
  std::vector<MergeRule> rules(n, {MergeTable::no_rank, -1});
  std::vector<Candidate> first;
  const auto look_up = [&](std::uint32_t at) {
    rules[at] =
        next[at] < n ? table.find(symbols[at], symbols[next[at]]) : MergeRule{MergeTable::no_rank, -1};
    return rules[at].rank != MergeTable::no_rank;
  };
  for (std::uint32_t at = 0; at < n; ++at) {
    previous[at] = at - 1;
    next[at] = at + 1;
    if (look_up(at)) first.push_back({rules[at].rank, at});
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue({}, std::move(first));
  while (!queue.empty()) {
    const auto [rank, at] = queue.top();
    queue.pop();
    if (symbols[at] < 0 || rules[at].rank != rank) continue;  // outdated
    symbols[at] = rules[at].merged;
    const std::uint32_t gone = next[at];
    symbols[gone] = -1;
    next[at] = next[gone];
    if (next[at] < n) previous[next[at]] = at;
    if (at > 0 && look_up(previous[at])) queue.push({rules[previous[at]].rank, previous[at]});
    if (look_up(at)) queue.push({rules[at].rank, at});
  }
  std::erase(symbols, -1);
}

}  // namespace kelvin::tokenizer
