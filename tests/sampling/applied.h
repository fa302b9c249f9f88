// A chain of stages applied once, and what came of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::test {

inline std::vector<float> applied(const std::string& text, std::vector<float> logits,
                                  const std::vector<int>& tokens = {}, std::size_t n_prompt = 0,
                                  std::uint64_t seed = 0) {
  ChainState state;
  Step step;
  step.tokens = tokens;
  step.n_prompt = n_prompt;
  step.seed = seed;
  Chain::parse(text).apply(logits, step, state);
  return logits;
}

inline std::vector<double> probabilities(const std::vector<float>& logits, double beta = 1) {
  std::vector<double> p(logits.size());
  softmax(std::span<const float>(logits), beta, std::span<double>(p));
  return p;
}

}  // namespace kelvin::test
