#include "sampling/statistics/logit_scan.h"

#include <array>
#include <functional>

namespace kelvin {

namespace {

// So many that compilers keep the loop over them and make vector code of it.
constexpr std::size_t scan_lanes = 64;

// Folds the upper half of the scan_lanes onto the lower one until one is left.
template <class T, class Join>
T fold(std::array<T, scan_lanes>& values, const Join& join) {
  for (std::size_t half = scan_lanes / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) values[j] = join(values[j], values[j + half]);
  return values[0];
}

float larger(float a, float b) { return a < b ? b : a; }
float smaller(float a, float b) { return b < a ? b : a; }

}  // namespace

float largest(std::span<const float> logits) {
  std::array<float, scan_lanes> max;
  max.fill(impossible);
  const float* z = logits.data();
  const std::size_t n = logits.size(), whole = n - n % scan_lanes;
  for (std::size_t i = 0; i < whole; i += scan_lanes)
    for (std::size_t j = 0; j < scan_lanes; ++j) max[j] = larger(max[j], z[i + j]);
  for (std::size_t i = whole; i < n; ++i) max[i - whole] = larger(max[i - whole], z[i]);
  return fold(max, larger);
}

Scan scan(std::span<const float> logits) {
  std::array<unsigned, scan_lanes> bad{};
  constexpr float top = std::numeric_limits<float>::infinity();
  const float* z = logits.data();
  const std::size_t n = logits.size(), whole = n - n % scan_lanes;
  for (std::size_t i = 0; i < whole; i += scan_lanes)
    for (std::size_t j = 0; j < scan_lanes; ++j) bad[j] += !(z[i + j] < top);
  for (std::size_t i = whole; i < n; ++i) bad[i - whole] += !(z[i] < top);
  return {largest(logits), fold(bad, std::plus<>{})};
}

float smallest_possible(std::span<const float> logits) {
  constexpr float top = std::numeric_limits<float>::infinity();
  std::array<float, scan_lanes> min;
  min.fill(top);
  const auto masked_out = [](float z) { return z == impossible ? top : z; };
  const float* z = logits.data();
  const std::size_t n = logits.size(), whole = n - n % scan_lanes;
  for (std::size_t i = 0; i < whole; i += scan_lanes)
    for (std::size_t j = 0; j < scan_lanes; ++j) min[j] = smaller(min[j], masked_out(z[i + j]));
  for (std::size_t i = whole; i < n; ++i) min[i - whole] = smaller(min[i - whole], masked_out(z[i]));
  return fold(min, smaller);
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
