#include "sampling/stages/descending.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/sampling/odd_keys.h"

using namespace kelvin;
using namespace kelvin::sampling;
using namespace kelvin::test;

namespace {

bool same(std::span<const Candidate> a, const std::vector<int>& ids) {
  return std::equal(a.begin(), a.end(), ids.begin(), ids.end(),
                    [](const Candidate& x, int id) { return x.id() == id; });
}

// Sorted whole, in part, and rank by rank, against the standard library's sort.
void check_order(const std::vector<float>& logits) {
  std::vector<int> expected;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (logits[i] != impossible) expected.push_back(static_cast<int>(i));
  std::stable_sort(expected.begin(), expected.end(), [&](int a, int b) { return logits[a] > logits[b]; });
  Scratch scratch;
  CHECK(same(Descending(logits, scratch).all(), expected));
  Descending lazy(logits, scratch);
  CHECK(lazy.size() == expected.size());
  bool right = true;
  for (std::size_t rank = 0; rank < expected.size(); ++rank)
    right = right && lazy[rank].id() == expected[rank] && lazy[rank].key() == logits[expected[rank]];
  CHECK(right);
  for (const std::size_t count : {std::size_t{1}, std::size_t{40}, std::size_t{1000}, expected.size() + 1}) {
    std::vector<int> first = expected;
    first.resize(std::min(count, expected.size()));
    CHECK(same(Descending(logits, scratch).first(count), first));
  }
}

}  // namespace

TEST_CASE("descending by key, ties by ascending id, whatever the keys are like") {
  for (const auto& keys : odd_keys()) check_order(keys);
}
