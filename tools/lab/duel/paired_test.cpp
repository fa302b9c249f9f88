#include "tools/lab/duel/paired_test.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "sampling/noise.h"

namespace kelvin {
namespace {

constexpr std::size_t exact_pairs = 14;
constexpr std::uint64_t random_signs = 9999;

double mean_of(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

double covariance(const std::vector<double>& a, const std::vector<double>& b) {
  const double x = mean_of(a), y = mean_of(b);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - x) * (b[i] - y);
  return sum / (static_cast<double>(a.size()) - 1);
}

// Sums that differ by rounding alone are equal.
bool as_large(double sum, double observed, double scale) {
  return std::fabs(sum) >= std::fabs(observed) - 1e-12 * scale;
}

double sign_test(const std::vector<double>& differences, std::uint64_t seed) {
  const double observed = std::accumulate(differences.begin(), differences.end(), 0.0);
  double scale = 0;
  for (const double d : differences) scale += std::fabs(d);
  const bool exact = differences.size() <= exact_pairs;
  const std::uint64_t rounds = exact ? std::uint64_t{1} << differences.size() : random_signs;
  std::uint64_t found = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const Noise noise(seed, 0x7369676e, round);
    double sum = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) {
      const bool minus = exact ? (round >> i & 1) == 1 : (noise.bits(static_cast<int>(i)) >> 63) == 1;
      sum += minus ? -differences[i] : differences[i];
    }
    found += as_large(sum, observed, scale);
  }
  return exact ? static_cast<double>(found) / static_cast<double>(rounds)
               : static_cast<double>(found + 1) / static_cast<double>(rounds + 1);
}

}  // namespace

PairedTest paired_test(std::span<const double> first, std::span<const double> second, std::uint64_t seed) {
  std::vector<double> a, b, differences;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (std::isnan(first[i]) || std::isnan(second[i])) continue;
    a.push_back(first[i]);
    b.push_back(second[i]);
    differences.push_back(second[i] - first[i]);
  }
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  PairedTest test{a.size(), none, none, none, none, none, none, none, none};
  if (a.empty()) return test;
  const double n = static_cast<double>(a.size());
  test.first = mean_of(a);
  test.second = mean_of(b);
  test.difference = mean_of(differences);
  // What cancels but for rounding is 0.
  if (std::fabs(test.difference) <= 1e-14 * (std::fabs(test.first) + std::fabs(test.second)))
    test.difference = 0;
  test.p = sign_test(differences, seed);
  if (a.size() < 2) return test;
  const double va = covariance(a, a), vb = covariance(b, b), vd = covariance(differences, differences);
  test.error = std::sqrt(vd / n);
  test.unpaired_error = std::sqrt((va + vb) / n);
  if (va > 0 && vb > 0) test.correlation = covariance(a, b) / std::sqrt(va * vb);
  if (va + vb > 0) test.fewer = vd > 0 ? (va + vb) / vd : std::numeric_limits<double>::infinity();
  return test;
}

}  // namespace kelvin
