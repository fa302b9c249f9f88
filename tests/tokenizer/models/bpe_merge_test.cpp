#include "tokenizer/models/bpe_merge.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace kelvin::tokenizer {
namespace {

// Straight from the definition: look for the best pair again and again.
std::vector<int> merged_slowly(std::vector<int> symbols, const std::vector<BpeMerge>& merges) {
  for (;;) {
    std::size_t best_rank = merges.size(), best = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
      for (std::size_t rank = 0; rank < best_rank; ++rank)
        if (merges[rank].left == symbols[i] && merges[rank].right == symbols[i + 1]) {
          best_rank = rank;
          best = i;
        }
    if (best_rank == merges.size()) return symbols;
    symbols[best] = merges[best_rank].merged;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

}  // namespace

TEST_CASE("short and long words merge as the definition says") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    // A vocabulary grown by merging what is there.
    std::vector<BpeMerge> merges;
    const int letters = 2 + round % 3;
    for (int id = letters; id < letters + 12; ++id)
      merges.push_back({static_cast<int>(random() % static_cast<unsigned>(id)),
                        static_cast<int>(random() % static_cast<unsigned>(id)), id});
    std::shuffle(merges.begin(), merges.end(), random);
    // A pair may stand twice; the last counts, so the definition above must not see the first.
    std::vector<BpeMerge> once;
    for (std::size_t i = 0; i < merges.size(); ++i) {
      bool again = false;
      for (std::size_t j = i + 1; j < merges.size(); ++j)
        again |= merges[j].left == merges[i].left && merges[j].right == merges[i].right;
      once.push_back(again ? BpeMerge{-1, -1, -1} : merges[i]);
    }
    std::vector<int> word(random() % 40);
    for (int& symbol : word) symbol = static_cast<int>(random() % static_cast<unsigned>(letters));
    const MergeTable table(merges);
    std::vector<int> by_short = word, by_long = word;
    merge_short_word(by_short, table);
    merge_long_word(by_long, table);
    const std::vector<int> expected = merged_slowly(word, once);
    CHECK(by_short == expected);
    CHECK(by_long == expected);
  }
}

TEST_CASE("of equal pairs the leftmost merges first") {
  const MergeTable table({{0, 0, 1}});
  std::vector<int> word{0, 0, 0};
  merge_word(word, table);
  CHECK(word == std::vector<int>{1, 0});
}

TEST_CASE("a pair that does not merge is not found") {
  const MergeTable table({{3, 5, 9}, {5, 3, 8}, {3, 5, 7}});
  CHECK(table.find(3, 5).merged == 7);
  CHECK(table.find(3, 5).rank == 2);
  CHECK(table.find(5, 3).rank == 1);
  CHECK(table.find(5, 5).rank == MergeTable::no_rank);
}

}  // namespace kelvin::tokenizer
