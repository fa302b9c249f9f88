#include "sampling/stages/prefix.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sampling/logits.h"
#include "tests/sampling/odd_keys.h"

using namespace kelvin;
using namespace kelvin::sampling;
using namespace kelvin::test;

namespace {

// Against the definition: everything sorted, and added up from the top. Sums are of powers of two, exact in
// any order, so the border is the same to the token.
void check_prefix(const std::vector<float>& keys) {
  std::vector<double> weights(keys.size());
  std::vector<int> ranked;
  double total = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == impossible) continue;
    weights[i] = std::ldexp(1.0, -static_cast<int>(i * 7 % 20));
    total += weights[i];
    ranked.push_back(static_cast<int>(i));
  }
  std::stable_sort(ranked.begin(), ranked.end(), [&](int a, int b) { return keys[a] > keys[b]; });
  Scratch scratch;
  const double low = static_cast<double>(smallest_possible(keys)), high = static_cast<double>(largest(keys));
  for (const double share : {0.0, 0.001, 0.3, 0.8, 0.999, 1.0, 1.5}) {
    double sum = 0;
    std::size_t length = 0;
    while (length < ranked.size() && (length == 0 || sum < share * total)) sum += weights[ranked[length++]];
    for (const double min : {-1e300, low, (low + high) / 2, high, 1e300}) {
      CAPTURE(share);
      CAPTURE(min);
      const Prefix prefix = prefix_holding(share * total, keys, weights, min, scratch);
      CHECK(prefix.last.id() == ranked[length - 1]);
      CHECK(prefix.last.key() == keys[ranked[length - 1]]);
      CHECK(prefix.sum == sum);
    }
  }
}

}  // namespace

TEST_CASE("the run that holds a weight, whatever the keys are like and wherever one expects it to end") {
  for (const auto& keys : odd_keys()) check_prefix(keys);
}
