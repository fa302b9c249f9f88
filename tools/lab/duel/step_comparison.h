// How far two distributions of the next token are apart, exactly, from their logits.
#pragma once

#include <cstddef>
#include <span>

namespace kelvin {

struct StepComparison {
  double kl, kl_back;         // KL(a || b), KL(b || a), nats; +inf where the other removes a token
  double total_variation;     // 1/2 sum |p - q|; 1 - it is what both have in common
  double entropy, entropy_b;  // nats
  double independent;         // sum p q: how often independent draws agree
};

// a, b: (vocabulary,) as two chains left them, at least one possible token each; removed tokens are -inf.
StepComparison compare_steps(std::span<const float> a, std::span<const float> b);

// Sums over the steps of a text.
struct StepSums {
  std::size_t steps = 0;
  std::size_t infinite = 0,
              infinite_back = 0;  // steps at which a divergence is infinite, which its sum leaves out
  double kl = 0, kl_back = 0, total_variation = 0, entropy = 0, entropy_b = 0, independent = 0;

  void add(const StepComparison& step);
  StepSums& operator+=(const StepSums& other);
};

}  // namespace kelvin
