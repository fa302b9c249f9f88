#include "sampling/descending.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using namespace kelvin;

namespace {

bool same(std::span<const Candidate> a, const std::vector<Candidate>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Candidate& x, const Candidate& y) { return x.key == y.key && x.id == y.id; });
}

// Sorted whole, and rank by rank, against the standard library's sort.
void check(const std::vector<float>& logits) {
  std::vector<Candidate> expected;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (logits[i] != impossible) expected.push_back({logits[i], static_cast<int>(i)});
  std::stable_sort(expected.begin(), expected.end(),
                   [](const Candidate& a, const Candidate& b) { return a.key > b.key; });
  Scratch scratch;
  CHECK(same(Descending(logits, scratch).all(), expected));
  Descending lazy(logits, scratch);
  CHECK(lazy.size() == expected.size());
  bool right = true;
  for (std::size_t rank = 0; rank < expected.size(); ++rank)
    right = right && lazy[rank].id == expected[rank].id;
  CHECK(right);
}

}  // namespace

TEST_CASE("descending by key, ties by ascending id, whatever the keys are like") {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  const auto make = [&](std::size_t n, auto next) {
    std::vector<float> logits(n);
    for (float& z : logits) z = next();
    return logits;
  };
  const auto like_a_model = [&] { return 3 * normal(random); };
  for (const std::size_t n : {1, 2, 3, 100, 5000, 40000}) check(make(n, like_a_model));
  check(make(5000, [] { return -1.5f; }));
  check(make(5000, [&] { return std::round(2 * normal(random)); }));  // few values, many ties
  check(make(5000, [&] { return random() % 2 ? 0.0f : -0.0f; }));     // both zeros are one
  check(make(5000, [&] { return random() % 3 ? like_a_model() : impossible; }));
  check(make(5000, [&] { return normal(random) * std::exp(15 * normal(random)); }));

  auto outlier = make(20000, like_a_model);  // all others on one step
  outlier[77] = -1e30f;
  check(outlier);
  outlier[5] = 3e38f;
  check(outlier);
  // Small crowds, each on one step: too few to be refused, too dense to be put right by insertion.
  check(make(40000, [&] { return static_cast<float>(random() % 40) + 1e-6f * normal(random); }));
}
