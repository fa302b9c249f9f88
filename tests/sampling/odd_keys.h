// Keys to sort: like a model's logits, and unlike them in every way that has misled a sort.
#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "sampling/stage.h"

namespace kelvin::test {

inline std::vector<std::vector<float>> odd_keys() {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> all;
  const auto add = [&](std::size_t n, auto next) -> std::vector<float>& {
    std::vector<float> keys(n);
    for (float& key : keys) key = next();
    return all.emplace_back(std::move(keys));
  };
  const auto like_a_model = [&] { return 3 * normal(random); };
  for (const std::size_t n : {1, 2, 3, 100, 255, 257, 5000, 40000}) add(n, like_a_model);
  add(5000, [] { return -1.5f; });
  add(5000, [&] { return std::round(2 * normal(random)); });  // few values, many ties
  add(5000, [&] { return random() % 2 ? 0.0f : -0.0f; });     // both zeros are one
  add(5000, [&] { return random() % 3 ? like_a_model() : impossible; });
  add(5000, [&] { return normal(random) * std::exp(15 * normal(random)); });
  add(20000, like_a_model)[77] = -1e30f;  // far from all others
  auto& ends = add(20000, like_a_model);
  ends[5] = 3.4e38f;
  ends[6] = -3.4e38f;
  add(40000, [&] { return static_cast<float>(random() % 40) + 1e-6f * normal(random); });  // small crowds
  // A sample of every so many keys sees all of the largest, or none.
  for (const float peak : {50.0f, -50.0f}) {
    auto& comb = add(40000, like_a_model);
    for (std::size_t i = 0; i < comb.size(); i += 19) comb[i] = peak + normal(random);
  }
  return all;
}

}  // namespace kelvin::test
