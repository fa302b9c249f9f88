#include "engine/kv_cache.h"

#include <doctest/doctest.h>

#include <vector>

using namespace kelvin;

TEST_CASE("keys lie in panels, values in padded rows, per span, layer and head") {
  KvCache cache({2, 3, 10});
  cache.reserve(300);
  std::vector<float> key(10), value(10);
  for (int layer = 0; layer < 2; ++layer)
    for (int head = 0; head < 3; ++head)
      for (const int position : {0, 15, 16, 255, 256, 299}) {
        for (int d = 0; d < 10; ++d) {
          key[d] = static_cast<float>(position * 1000 + layer * 100 + head * 10 + d);
          value[d] = -key[d];
        }
        cache.store(layer, head, position, key.data(), value.data());
      }
  for (int layer = 0; layer < 2; ++layer)
    for (int head = 0; head < 3; ++head)
      for (const int position : {0, 15, 16, 255, 256, 299})
        for (int d = 0; d < 16; ++d) {
          const int block = position / 256, slot = position % 256;
          const float expected = static_cast<float>(position * 1000 + layer * 100 + head * 10 + d);
          const float* values = cache.values(layer, head, block) + slot * 16;
          if (d < 10) {
            CHECK(cache.keys(layer, head, block)[(slot / 16 * 10 + d) * 16 + slot % 16] == expected);
            CHECK(values[d] == -expected);
          } else {
            CHECK(values[d] == 0.0f);
          }
        }
}

TEST_CASE("memory is taken span by span and kept") {
  KvCache cache({1, 1, 16});
  CHECK(cache.bytes() == 0);
  cache.reserve(1);
  const std::size_t one = cache.bytes();
  CHECK(one == 2 * 256 * 16 * sizeof(float));
  const std::vector<float> key(16, 3.0f), value(16, 4.0f);
  cache.store(0, 0, 7, key.data(), value.data());
  cache.reserve(257);
  CHECK(cache.bytes() == 2 * one);
  cache.reserve(10);
  CHECK(cache.bytes() == 2 * one);
  CHECK(cache.values(0, 0, 0)[7 * 16 + 15] == 4.0f);
}
