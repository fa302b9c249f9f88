#include "sampling/logits.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "sampling/statistics/boltzmann.h"

namespace kelvin {

namespace {

constexpr std::size_t block = 256;

// The sum of one block, by eight chains and a tree: a fixed order that is also fast.
double sum_block(const double* values, std::size_t n) {
  std::array<double, 8> chain{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (std::size_t j = 0; j < 8; ++j) chain[j] += values[i + j];
  for (std::size_t j = 0; i < n; ++i, ++j) chain[j] += values[i];
  return ((chain[0] + chain[1]) + (chain[2] + chain[3])) + ((chain[4] + chain[5]) + (chain[6] + chain[7]));
}

constexpr double min_exponent = -0x1.62e42fefa39efp-1 * 1023;

// exp for weights, min_exponent <= x <= 0: exp_exact with one factor less, which becomes 0 at the lower end
// by itself. Without a choice in it, loops become vector code.
double weight_of(double x) {
  constexpr double log2_e = 0x1.71547652b82fep0, ln2_high = 0x1.62e42fefa38p-1,
                   ln2_low = 0x1.ef35793c7673p-45;
  constexpr double round_bits = 0x1.8p52;
  const double shifted = x * log2_e + round_bits;
  const double n = shifted - round_bits;
  const double r = (x - n * ln2_high) - n * ln2_low;
  const double r2 = r * r, r4 = r2 * r2;
  const double p01 = 1.0 / 6 + r * (1.0 / 24), p23 = 1.0 / 120 + r * (1.0 / 720);
  const double p45 = 1.0 / 5040 + r * (1.0 / 40320), p67 = 1.0 / 362880 + r * (1.0 / 3628800);
  const double tail =
      ((p01 + r2 * p23) + r4 * (p45 + r2 * p67)) + (r4 * r4) * (1.0 / 39916800 + r * (1.0 / 479001600));
  const double p = r + r2 * (0.5 + r * tail);
  const double scale = std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + 1023) << 52);
  return (p + 1.0) * scale;
}

}  // namespace

void to_weights(std::span<double> distances) {
  double* w = distances.data();
  const std::size_t n = distances.size();
  for (std::size_t i = 0; i < n; ++i) w[i] = w[i] < min_exponent ? min_exponent : w[i];
  for (std::size_t i = 0; i < n; ++i) w[i] = weight_of(w[i]);
}

double fill_weights(std::span<const float> logits, Scratch& scratch) {
  scratch.weights.resize(logits.size());
  const double top = static_cast<double>(largest(logits));
  ExactSum total;
  for (std::size_t begin = 0; begin < logits.size(); begin += block) {
    const std::size_t n = std::min(block, logits.size() - begin);
    const float* z = logits.data() + begin;
    double* w = scratch.weights.data() + begin;
    for (std::size_t i = 0; i < n; ++i) w[i] = static_cast<double>(z[i]) - top;
    to_weights({w, n});
    total.add(sum_block(w, n));
  }
  return total.value();
}

void fill_ranked_weights(std::span<const Candidate> ranked, double top, std::span<double> weights) {
  constexpr std::size_t length = 64;
  // As far as these from the first of a block, the exponential series up to x^8 and x^4 is good to 1e-16.
  constexpr double near = 0x1p-4, very_near = 0x1p-9;
  std::array<float, length> keys;
  for (std::size_t begin = 0; begin < ranked.size(); begin += length) {
    const std::size_t n = std::min(length, ranked.size() - begin);
    for (std::size_t i = 0; i < n; ++i) keys[i] = ranked[begin + i].key();
    double* const w = weights.data() + begin;
    const double first = static_cast<double>(keys[0]), range = first - static_cast<double>(keys[n - 1]);
    if (range > near) {
      for (std::size_t i = 0; i < n; ++i) w[i] = static_cast<double>(keys[i]) - top;
      to_weights({w, n});
      continue;
    }
    const double weight = weight_at(first - top);
    const auto fill = [&](auto series) {
      for (std::size_t i = 0; i < n; ++i) w[i] = weight * series(static_cast<double>(keys[i]) - first);
    };
    if (range <= very_near)
      fill([](double x) { return (1.0 + x) + x * x * ((1.0 / 2 + x * (1.0 / 6)) + x * x * (1.0 / 24)); });
    else
      fill([](double x) {
        const double x2 = x * x, x4 = x2 * x2;
        const double p01 = 1.0 + x, p23 = 1.0 / 2 + x * (1.0 / 6);
        const double p45 = 1.0 / 24 + x * (1.0 / 120), p67 = 1.0 / 720 + x * (1.0 / 5040);
        return (p01 + x2 * p23) + x4 * ((p45 + x2 * p67) + x4 * (1.0 / 40320));
      });
  }
}

double sum_of(std::span<const double> values) {
  ExactSum total;
  for (std::size_t begin = 0; begin < values.size(); begin += block)
    total.add(sum_block(values.data() + begin, std::min(block, values.size() - begin)));
  return total.value();
}

double weight_at(double distance) { return weight_of(distance < min_exponent ? min_exponent : distance); }

Spread spread_of(std::span<const float> logits, Scratch& scratch) {
  Spread spread{};
  spread.total = fill_weights(logits, scratch);
  const double top = static_cast<double>(largest(logits));
  ExactSum distance;
  std::array<double, block> terms;
  for (std::size_t begin = 0; begin < logits.size(); begin += block) {
    const std::size_t n = std::min(block, logits.size() - begin);
    const float* z = logits.data() + begin;
    const double* w = scratch.weights.data() + begin;
    // Below -800 the weight is 0: the clamp only keeps 0 * infinity out.
    for (std::size_t i = 0; i < n; ++i) {
      const double d = top - static_cast<double>(z[i]);
      terms[i] = w[i] * (d > 800.0 ? 800.0 : d);
    }
    distance.add(sum_block(terms.data(), n));
  }
  spread.entropy = log_exact(spread.total) + distance.value() / spread.total;
  return spread;
}

double variance_of(std::span<const float> logits, Scratch& scratch) {
  const double n = static_cast<double>(count_possible(logits));
  // Measured from the largest logit: a common offset does not cost digits.
  const double top = static_cast<double>(largest(logits));
  scratch.weights.resize(logits.size());
  ExactSum first, second;
  const auto sum_over = [&](ExactSum& sum, auto term) {
    for (std::size_t begin = 0; begin < logits.size(); begin += block) {
      const std::size_t length = std::min(block, logits.size() - begin);
      const float* z = logits.data() + begin;
      double* terms = scratch.weights.data() + begin;
      for (std::size_t i = 0; i < length; ++i)
        terms[i] = z[i] == impossible ? 0.0 : term(static_cast<double>(z[i]) - top);
      sum.add(sum_block(terms, length));
    }
  };
  sum_over(first, [](double d) { return d; });
  const double mean = first.value() / n;
  sum_over(second, [mean](double d) { return (d - mean) * (d - mean); });
  return second.value() / n;
}

void remove_below(std::span<float> logits, double cut) {
  for (float& z : logits) z = static_cast<double>(z) < cut ? impossible : z;
}

}  // namespace kelvin
