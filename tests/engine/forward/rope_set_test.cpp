#include "engine/forward/rope_set.h"

#include <doctest/doctest.h>

#include <climits>

using namespace kelvin;
using namespace kelvin::engine;

TEST_CASE("ropes side by side: each has its angles, a frequency set is one of all") {
  RopeSpec plain;
  plain.dims = 8;
  RopeSpec grows = plain;
  grows.kind = RopeKind::dynamic;
  grows.dims = 6;
  grows.factor = 2.0;
  grows.original_max_position = 50;
  RopeSpec changes = plain;
  changes.kind = RopeKind::longrope;
  changes.original_max_position = 30;
  changes.short_factors = {1, 1, 1, 1};
  changes.long_factors = {2, 3, 4, 5};
  const RopeSpec specs[] = {plain, grows, changes};
  const RopeSet set(specs);
  CHECK(set.pairs() == 11);
  CHECK(set.first_pair(1) == 4);
  CHECK(set.first_pair(2) == 7);
  CHECK(set.frequency_set(30) == 0);
  CHECK(set.last_length(1) == 30);
  CHECK(set.frequency_set(31) == set.frequency_set(50));
  CHECK(set.last_length(31) == 50);
  CHECK(set.frequency_set(51) != set.frequency_set(52));
  CHECK(set.last_length(51) == 51);

  for (const int length : {10, 40, 60}) {
    const RopeSet::Frequencies f = set.frequencies(set.frequency_set(length));
    std::vector<float> cosines(11), sines(11);
    set.angles(f, 7, cosines.data(), sines.data());
    for (int i = 0; i < 3; ++i) {
      const Rope rope(specs[i]);
      std::vector<float> c(static_cast<std::size_t>(rope.pairs())), s = c;
      rope.angles(rope.frequencies(rope.frequency_set(length)), 7, c.data(), s.data());
      for (int p = 0; p < rope.pairs(); ++p) {
        CHECK(cosines[set.first_pair(i) + p] == c[p]);
        CHECK(sines[set.first_pair(i) + p] == s[p]);
      }
    }
  }
  CHECK(RopeSet({}).last_length(5) == INT_MAX);
  CHECK(RopeSet({}).pairs() == 0);
}
