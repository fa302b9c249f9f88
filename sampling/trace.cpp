#include "sampling/trace.h"

#include "sampling/stage.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin {

Standing standing_of(std::span<const float> logits, int token) {
  const std::size_t rank = rank_of(logits, token);
  if (rank == 0) return {};
  const double log_p =
      thermo(logits, 1.0).log_p(static_cast<double>(logits[static_cast<std::size_t>(token)]));
  return {exp_exact(log_p), log_p, rank};
}

std::size_t rank_of(std::span<const float> logits, int token) {
  const auto own = static_cast<std::size_t>(token);
  if (token < 0 || own >= logits.size() || logits[own] == impossible) return 0;
  std::size_t rank = 1;
  for (std::size_t i = 0; i < logits.size(); ++i)
    rank += logits[i] > logits[own] || (logits[i] == logits[own] && i < own);
  return rank;
}

}  // namespace kelvin
