#include "sampling/statistics/logit_scan.h"

#include <array>
#include <functional>

namespace kelvin {

namespace {

// So many that compilers keep the loop over them and make vector code of it.
constexpr std::size_t scan_lanes = 64;

// Joins of(z) of all logits in scan_lanes chains, each with every scan_lanes-th one; then the upper half of the chains
// with the lower one until one is left.
template <class T, class Of, class Join>
T fold(std::span<const float> logits, T none, const Of& of, const Join& join) {
  std::array<T, scan_lanes> chain;
  chain.fill(none);
  const float* z = logits.data();
  const std::size_t n = logits.size(), whole = n - n % scan_lanes;
  for (std::size_t i = 0; i < whole; i += scan_lanes)
    for (std::size_t j = 0; j < scan_lanes; ++j) chain[j] = join(chain[j], of(z[i + j]));
  for (std::size_t i = whole; i < n; ++i) chain[i - whole] = join(chain[i - whole], of(z[i]));
  for (std::size_t half = scan_lanes / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) chain[j] = join(chain[j], chain[j + half]);
  return chain[0];
}

float larger(float a, float b) { return a < b ? b : a; }
float smaller(float a, float b) { return b < a ? b : a; }

constexpr float positive_infinity = std::numeric_limits<float>::infinity();

}  // namespace

float largest(std::span<const float> logits) { return fold(logits, impossible, std::identity{}, larger); }

Scan scan(std::span<const float> logits) {
  const auto is_bad = [](float z) -> unsigned { return !(z < positive_infinity); };
  return {largest(logits), fold(logits, 0u, is_bad, std::plus<>{})};
}

float smallest_possible(std::span<const float> logits) {
  const auto masked_out = [](float z) { return z == impossible ? positive_infinity : z; };
  return fold(logits, positive_infinity, masked_out, smaller);
}

std::size_t first_of(std::span<const float> logits, float value) {
  const std::size_t n = logits.size(), whole = n - n % scan_lanes;
  for (std::size_t i = 0; i < whole; i += scan_lanes) {
    int hits = 0;
    for (std::size_t j = 0; j < scan_lanes; ++j) hits |= logits[i + j] == value;
    if (hits == 0) continue;
    for (std::size_t j = 0; j < scan_lanes; ++j)
      if (logits[i + j] == value) return i + j;
  }
  for (std::size_t i = whole; i < n; ++i)
    if (logits[i] == value) return i;
  return n;
}

std::size_t count_possible(std::span<const float> logits) {
  unsigned count = 0;
  for (const float z : logits) count += z != impossible;
  return count;
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
