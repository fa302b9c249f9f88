#include "engine/forward/attention.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "tests/engine/random_values.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::kernels;
using test::RandomValues;

namespace {

// A cache with random keys and values, which it also keeps in plain order.
struct Filled {
  Filled(const KvShape& shape, int positions, RandomValues& random) : cache(shape) {
    cache.reserve(positions);
    const std::size_t n = static_cast<std::size_t>(shape.head_dim);
    for (int position = 0; position < positions; ++position)
      for (int layer = 0; layer < shape.layers; ++layer)
        for (int head = 0; head < shape.kv_heads; ++head) {
          keys.push_back(random.values(n, 1.5f));
          values.push_back(random.values(n));
          cache.store(layer, head, position, keys.back().data(), values.back().data());
        }
  }
  KvCache cache;
  std::vector<std::vector<float>> keys, values;  // by position, layer, head
};

std::vector<double> naive(const Filled& filled, const KvShape& shape, const AttentionLayer& layer,
                          int kv_head, int position, const float* q) {
  std::vector<double> scores, mixed(static_cast<std::size_t>(shape.head_dim));
  double top = -INFINITY, sum = 0;
  const auto index = [&](int j) {
    return static_cast<std::size_t>((j * shape.layers + layer.layer) * shape.kv_heads + kv_head);
  };
  const int first = layer.window > 0 ? std::max(0, position - layer.window + 1) : 0;
  for (int j = first; j <= position; ++j) {
    double score = 0;
    for (int d = 0; d < shape.head_dim; ++d) score += static_cast<double>(q[d]) * filled.keys[index(j)][d];
    if (layer.soft_cap > 0) score = layer.soft_cap * std::tanh(score / layer.soft_cap);
    scores.push_back(score);
    top = std::max(top, score);
  }
  for (int j = first; j <= position; ++j) {
    const double weight = std::exp(scores[j - first] - top);
    sum += weight;
    for (int d = 0; d < shape.head_dim; ++d) mixed[d] += weight * filled.values[index(j)][d];
  }
  for (double& m : mixed) m /= sum;
  return mixed;
}

struct Setting {
  int threads, first_position, tokens, n_heads;
  KvShape shape;
  int window = 0;
  float soft_cap = 0.0f;
};

AttentionLayer layer_of(const Setting& s) {
  return {s.shape.layers - 1, s.shape.head_dim, s.window, s.soft_cap};
}

std::vector<float> attend(const Kernels& kernels, const Setting& s, Filled& filled,
                          const std::vector<float>& q, int pieces) {
  const int columns = s.n_heads * s.shape.head_dim;
  std::vector<float> q_copy = q, out(q.size(), -1.0f);
  ThreadTeam team(s.threads);
  Attention attention(kernels, s.n_heads, s.shape, s.threads);
  for (int piece = 0; piece < pieces; ++piece) {
    const int from = s.tokens * piece / pieces, to = s.tokens * (piece + 1) / pieces;
    if (from == to) continue;
    const TokenRun run{&filled.cache, from, to - from, s.first_position + from};
    attention.plan({&run, 1});
    const std::size_t stride = static_cast<std::size_t>(columns);
    attention.run(team, layer_of(s), Rows{q_copy.data(), stride}, Rows{out.data(), stride});
  }
  return out;
}

}  // namespace

TEST_CASE("attention equals a naive softmax in double, and has the same bits however it is shared out") {
  RandomValues random(21);
  using enum KvStorage;
  for (const Setting& s :
       {Setting{1, 0, 70, 4, {2, 2, 16, f32}}, Setting{2, 200, 120, 6, {1, 2, 20, f16}},
        Setting{3, 900, 1, 3, {1, 1, 32, f32}}, Setting{2, 511, 3, 8, {2, 8, 10, q8}},
        Setting{2, 0, 300, 5, {1, 1, 64, q8}}, Setting{1, 255, 2, 64, {1, 1, 8, f16}},
        Setting{2, 700, 1, 6, {1, 2, 40, q8}}, Setting{2, 0, 300, 4, {1, 2, 12, f32}, 20},
        Setting{2, 240, 60, 3, {1, 1, 16, f16}, 1}, Setting{1, 500, 90, 2, {1, 1, 20, q8}, 256},
        Setting{3, 700, 4, 2, {1, 2, 16, f32}, 300}, Setting{1, 5, 30, 6, {2, 3, 10, f32}, 7, 1.5f},
        Setting{2, 900, 1, 2, {1, 1, 8, q8}, 257}, Setting{2, 0, 40, 2, {1, 1, 24, f16}, 0, 4.0f}}) {
    CAPTURE(s.first_position);
    // Of numbers up to 1.5, and what their rounding does to scores.
    const double tolerance = s.shape.storage == f32 ? 3e-6 : s.shape.storage == f16 ? 2e-3 : 2e-2;
    Filled filled(s.shape, s.first_position + s.tokens, random);
    const int columns = s.n_heads * s.shape.head_dim, group = s.n_heads / s.shape.kv_heads;
    const std::vector<float> q = random.values(static_cast<std::size_t>(s.tokens) * columns, 0.8f);
    const std::vector<float> expected = attend(scalar_kernels, s, filled, q, 1);
    for (int t = 0; t < s.tokens; ++t)
      for (int head = 0; head < s.n_heads; ++head) {
        const std::size_t at = static_cast<std::size_t>(t * columns + head * s.shape.head_dim);
        const std::vector<double> exact =
            naive(filled, s.shape, layer_of(s), head / group, s.first_position + t, q.data() + at);
        for (int d = 0; d < s.shape.head_dim; ++d)
          REQUIRE(std::fabs(expected[at + d] - exact[d]) < tolerance);
      }
    for (const Kernels* table : supported_kernels())
      for (const int threads : {1, 2, 4})
        for (const int pieces : {1, 3, s.tokens}) {
          if (table == &scalar_kernels && pieces == s.tokens && pieces > 10) continue;
          Setting other = s;
          other.threads = threads;
          const std::vector<float> found = attend(*table, other, filled, q, pieces);
          REQUIRE(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)) == 0);
        }
  }
}

TEST_CASE("what lies behind a position in the cache does not matter") {
  RandomValues random(22);
  const Setting s{1, 30, 1, 2, {1, 1, 12, KvStorage::q8}};
  Filled filled(s.shape, 64, random);
  const std::vector<float> q = random.values(24);
  const std::vector<float> expected = attend(best_kernels(), s, filled, q, 1);
  const std::vector<float> broken(12, std::nanf(""));
  for (int position = 31; position < 64; ++position)
    filled.cache.store(0, 0, position, broken.data(), broken.data());
  for (const Kernels* table : supported_kernels()) CHECK(attend(*table, s, filled, q, 1) == expected);
}
