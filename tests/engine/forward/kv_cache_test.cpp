#include "engine/forward/kv_cache.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "engine/weights/half.h"
#include "tests/engine/platform/memory_limit.h"
#include "tests/engine/random_values.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::kernels;

TEST_CASE("keys lie in panels, values in padded rows, per span, layer and head") {
  KvCache cache({2, 3, 10, KvStorage::f32});
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
          const KvSpan stored = cache.block(layer, head, block);
          const float* keys = static_cast<const float*>(stored.keys);
          const float* values = static_cast<const float*>(stored.values) + slot * 16;
          if (d < 10) {
            CHECK(keys[(slot / 16 * 10 + d) * 16 + slot % 16] == expected);
            CHECK(values[d] == -expected);
          } else {
            CHECK(values[d] == 0.0f);
          }
        }
}

TEST_CASE("memory is taken span by span and kept") {
  KvCache cache({1, 1, 16, KvStorage::f32});
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
  CHECK(static_cast<const float*>(cache.block(0, 0, 0).values)[7 * 16 + 15] == 4.0f);
}

TEST_CASE("a position takes what its storage promises") {
  const int positions = 1000;  // four blocks
  for (const auto& [storage, bytes] :
       {std::pair{KvStorage::f32, 2 * 4 * 128.0}, std::pair{KvStorage::f16, 2 * 2 * 128.0},
        std::pair{KvStorage::q8, 2 * (128.0 + 4 * 4)}}) {
    const KvShape shape{3, 2, 128, storage};
    KvCache cache(shape);
    cache.reserve(positions);
    CHECK(static_cast<double>(cache.bytes()) == 1024 * 3 * 2 * bytes);
    CHECK(cache.bytes() == KvCache::bytes_for(shape, positions));
  }
  CHECK(KvCache::bytes_for({1, 1, 16, KvStorage::f32}, 0) == 0);
}

TEST_CASE("f16 rounds to nearest even and saturates") {
  KvCache cache({1, 1, 5, KvStorage::f16});
  cache.reserve(20);
  const std::vector<float> key = {0.1f, 1e6f, -70000.0f, std::nanf(""),
                                  std::numeric_limits<float>::infinity()};
  cache.store(0, 0, 17, key.data(), key.data());
  const KvSpan block = cache.block(0, 0, 0);
  for (int d = 0; d < 5; ++d) {
    const Float16 stored_key = static_cast<const Float16*>(block.keys)[(5 + d) * 16 + 1];
    const Float16 stored_value = static_cast<const Float16*>(block.values)[17 * 16 + d];
    CHECK(stored_key == stored_value);
    const float found = f16_to_f32(static_cast<std::uint16_t>(stored_key));
    CAPTURE(d);
    if (d == 0) CHECK(found == 0x1.998p-4f);
    if (d == 1) CHECK(found == 65504.0f);
    if (d == 2) CHECK(found == -65504.0f);
    if (d == 3) CHECK(found != found);
    if (d == 4) CHECK(found == std::numeric_limits<float>::infinity());
  }
}

TEST_CASE("q8 is within half a step of every group's own scale") {
  const int head_dim = 70;  // groups of 32, 32 and 6
  KvCache cache({1, 2, head_dim, KvStorage::q8});
  cache.reserve(256);
  test::RandomValues random(31);
  for (const int position : {0, 18, 255}) {
    std::vector<float> key = random.values(head_dim), value = random.values(head_dim, 5.0f);
    key[40] = 300.0f;  // what an outlier costs stays in its group
    for (int d = 64; d < head_dim; ++d) value[d] = 0.0f;
    cache.store(0, 1, position, key.data(), value.data());
    const KvSpan block = cache.block(0, 1, 0);
    for (int d = 0; d < head_dim; ++d) {
      CAPTURE(d);
      const float key_scale = block.key_scales[d / 32 * 256 + position];
      const float value_scale = block.value_scales[d / 32 * 256 + position];
      const int key_code =
          static_cast<const std::int8_t*>(block.keys)[(position / 16 * head_dim + d) * 16 + position % 16];
      const int value_code = static_cast<const std::int8_t*>(block.values)[position * 80 + d];
      CHECK(std::abs(key_scale * static_cast<float>(key_code) - key[d]) <= 0.5001f * key_scale);
      CHECK(std::abs(value_scale * static_cast<float>(value_code) - value[d]) <= 0.5001f * value_scale);
      CHECK(key_scale == doctest::Approx(d / 32 == 1 ? 300.0 / 127 : key_scale));
      if (d / 32 != 1) CHECK(key_scale < 0.1f);
      if (d >= 64) CHECK(value_scale == 0.0f);
    }
  }
}

TEST_CASE("q8 keeps what is not finite visible, in its group alone") {
  KvCache cache({1, 1, 64, KvStorage::q8});
  cache.reserve(1);
  std::vector<float> key(64, 0.5f), value(64, -0.25f);
  key[3] = std::nanf("");
  value[60] = -std::numeric_limits<float>::infinity();
  cache.store(0, 0, 0, key.data(), value.data());
  const KvSpan block = cache.block(0, 0, 0);
  CHECK(std::isnan(block.key_scales[0]));
  CHECK(block.key_scales[256] == 0.5f / 127.0f);
  CHECK(block.value_scales[0] == 0.25f / 127.0f);
  CHECK(std::isnan(block.value_scales[256]));
}

// 16 layers x 8 heads x 128 dimensions, keys and values: 33.6 MB in float32 for each span of 256 positions.
TEST_CASE("where memory is short, the caches and lengths that fit are named") {
  KvCache cache({16, 8, 128, KvStorage::f32});
  const auto refused = [&](int positions, std::uint64_t left) -> std::string {
    const test::MemoryLimit limit(left);
    try {
      cache.reserve(positions);
    } catch (const std::bad_alloc& error) {
      return error.what();
    }
    return "taken";
  };
  CHECK(refused(600, 80'000'000) ==
        "out of memory: keys and values of positions 0 to 599 need 0.10 GB, 0.08 GB left by the limit on "
        "address "
        "space (ulimit -v); --kv f16 (0.05 GB), --kv q8 (0.03 GB) or --ctx 512 (0.07 GB) would fit");
  CHECK(refused(600, 10'000'000).ends_with("; nothing would fit: even --kv q8 needs 0.03 GB"));
  cache.reserve(500);  // held: 67.1 MB
  const std::string more = refused(2000, 40'000'000);
  CHECK(
      more.starts_with("out of memory: keys and values of positions 512 to 1999 need 0.20 GB, 0.04 GB left"));
  CHECK(more.ends_with("; --kv q8 (0.01 GB) or --ctx 768 (0.03 GB) would fit"));
}
