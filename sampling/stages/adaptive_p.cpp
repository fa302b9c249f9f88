// adaptive-p: draws tokens whose probability lies near a target, which follows what was drawn (llama.cpp PR
// 17927). z' = 5 - 10 q^2 / (1 + q), q = |p - t'| / 0.3, t' = clamp(2 t - S / W, 0, 1); S and W are sums of
// the original probabilities of the tokens taken and of their number, both fading by `decay` per token.
#include <algorithm>
#include <array>
#include <cmath>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

namespace {

// {S, W}
std::vector<double>& sums_of(const Params& params, const StageContext& step) {
  auto& values = step.memory->values;
  const double memory = 1 / (1 - params["decay"]);
  if (values.size() != 2) values = {params["target"] * memory, memory};
  return values;
}

}  // namespace

void adaptive_p(std::span<float> logits, const Params& params, const StageContext& step) {
  const auto& sums = sums_of(params, step);
  const double target = std::clamp(2 * params["target"] - sums[0] / sums[1], 0.0, 1.0);
  step.memory->seen.assign(logits.begin(), logits.end());
  const double total = step.memory->total = fill_weights(logits, *step.scratch);
  const double* const weights = step.scratch->weights.data();
  // In blocks, of which compilers make vector code.
  constexpr std::size_t block = 256;
  const double scale = 1 / (0.3 * total), shift = target / 0.3;
  for (std::size_t begin = 0; begin < logits.size(); begin += block) {
    const std::size_t n = std::min(block, logits.size() - begin);
    const double* const w = weights + begin;
    float* const z = logits.data() + begin;
    std::array<float, block> wish;
    for (std::size_t i = 0; i < n; ++i) {
      const double q = std::fabs(w[i] * scale - shift);
      wish[i] = static_cast<float>(5 - 10 * q * q / (1 + q));
    }
    for (std::size_t i = 0; i < n; ++i) z[i] = z[i] == impossible ? impossible : wish[i];
  }
}

int accept_adaptive_p(int token, const Params& params, const StageContext& step) {
  const auto& seen = step.memory->seen;
  const auto i = static_cast<std::size_t>(token);
  if (i >= seen.size() || seen[i] == impossible) return 0;
  const double weight = weight_at(static_cast<double>(seen[i]) - static_cast<double>(largest(seen)));
  auto& sums = sums_of(params, step);
  sums[0] = weight / step.memory->total + params["decay"] * sums[0];
  sums[1] = 1 + params["decay"] * sums[1];
  return 0;
}

}  // namespace kelvin::sampling
