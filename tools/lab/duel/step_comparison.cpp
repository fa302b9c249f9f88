#include "tools/lab/duel/step_comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "sampling/logits.h"
#include "sampling/scratch.h"
#include "sampling/stage.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin {

namespace {

// exp(z - max) by token in `scratch`, and what makes ln p of it.
struct Side {
  Side(std::span<const float> logits, Scratch& scratch)
      : z(logits), weight(scratch.weights), max(static_cast<double>(largest(logits))) {
    total = fill_weights(logits, scratch);
    log_total = log_exact(total);
  }
  double log_p(std::size_t i) const { return static_cast<double>(z[i]) - max - log_total; }

  std::span<const float> z;
  const std::vector<double>& weight;
  double max, total, log_total;
};

// Four sums side by side, so that no addition waits for the one before; always in the same order.
struct Lanes {
  std::array<double, 4> sums{};
  void add(std::size_t i, double x) { sums[i & 3] += x; }
  double value() const { return (sums[0] + sums[2]) + (sums[1] + sums[3]); }
};

}  // namespace

StepComparison compare_steps(std::span<const float> a, std::span<const float> b) {
  thread_local Scratch first, second;
  const Side left(a, first), right(b, second);
  Lanes kl, kl_back, variation, product, entropy, entropy_b;
  bool only_a = false, only_b = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double p = left.weight[i] / left.total, q = right.weight[i] / right.total;
    variation.add(i, std::fabs(p - q));
    const bool in_a = a[i] != impossible, in_b = b[i] != impossible;
    const double la = in_a ? left.log_p(i) : 0, lb = in_b ? right.log_p(i) : 0;
    entropy.add(i, p * la);
    entropy_b.add(i, q * lb);
    only_a |= in_a && !in_b;
    only_b |= in_b && !in_a;
    if (!in_a || !in_b) continue;
    kl.add(i, p * (la - lb));
    kl_back.add(i, q * (lb - la));
    product.add(i, p * q);
  }
  return {only_a ? infinity : std::max(0.0, kl.value()),
          only_b ? infinity : std::max(0.0, kl_back.value()),
          std::min(1.0, variation.value() / 2),
          std::max(0.0, -entropy.value()),
          std::max(0.0, -entropy_b.value()),
          product.value()};
}

void StepSums::add(const StepComparison& step) {
  ++steps;
  step.kl == infinity ? void(++infinite) : void(kl += step.kl);
  step.kl_back == infinity ? void(++infinite_back) : void(kl_back += step.kl_back);
  total_variation += step.total_variation;
  entropy += step.entropy;
  entropy_b += step.entropy_b;
  independent += step.independent;
}

StepSums& StepSums::operator+=(const StepSums& other) {
  steps += other.steps;
  infinite += other.infinite;
  infinite_back += other.infinite_back;
  kl += other.kl;
  kl_back += other.kl_back;
  total_variation += other.total_variation;
  entropy += other.entropy;
  entropy_b += other.entropy_b;
  independent += other.independent;
  return *this;
}

}  // namespace kelvin
