#include "sampling/statistics/density_of_states.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include "sampling/statistics/gauss_quadrature.h"
#include "sampling/statistics/logit_scan.h"

namespace kelvin {
namespace {

// A token's bin: which half it is in, and its distance to the end of that half (halved, so that it cannot
// overflow) as a float cut to three bits of mantissa. Three bins beyond the largest float take tokens that
// are no part of a half.
constexpr int dropped_bits = 20;
constexpr std::uint32_t upper_half = 2048, at_bottom = 2045, at_top = 2046, masked = 2047, bin_count = 4096;
constexpr std::size_t lanes = 8;

double bin_start(std::uint32_t bin) {
  return 2.0 * static_cast<double>(std::bit_cast<float>((bin % upper_half) << dropped_bits));
}

// The ends of the possible logits.
struct Range {
  float smallest, largest;
  std::size_t possible;
};

Range range_of(std::span<const float> logits) {
  const Scan found = scan(logits);
  if (found.not_finite > 0) throw std::invalid_argument("a logit is NaN or +inf");
  if (found.top == impossible) throw std::invalid_argument("no token is possible");
  return {smallest_possible(logits), found.top, count_possible(logits)};
}

// Tokens sorted by bin.
struct Binned {
  std::vector<float> logits;                         // (tokens,)
  std::array<std::uint32_t, bin_count + 1> begin{};  // of each bin in `logits`
};

// Kept from call to call, so that steps after the first allocate nothing.
struct Workspace {
  std::vector<std::uint16_t> bin_of;  // (tokens,)
  Binned binned;
  std::vector<std::pair<double, double>> states;  // logit and weight
  std::vector<double> distance, mass;             // (states,) and padding
};
thread_local Workspace workspace;

const Binned& sort_into_bins(std::span<const float> logits, const Range& range) {
  workspace.bin_of.resize(logits.size());
  const std::span<std::uint16_t> bin_of(workspace.bin_of);
  const float half_top = 0.5f * range.largest, half_bottom = 0.5f * range.smallest;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const float z = logits[i], from_top = half_top - 0.5f * z, from_bottom = 0.5f * z - half_bottom;
    const bool upper = from_top < from_bottom;
    std::uint32_t bin = std::bit_cast<std::uint32_t>(upper ? from_top : from_bottom) >> dropped_bits;
    bin |= upper ? upper_half : 0;
    bin = z == range.smallest ? at_bottom : bin;
    bin = z == range.largest ? at_top : bin;
    bin = z < range.smallest ? masked : bin;
    bin_of[i] = static_cast<std::uint16_t>(bin);
  }
  Binned& binned = workspace.binned;
  binned.logits.resize(logits.size());
  binned.begin[0] = 0;
  // From both ends in turn: neighbours often share a bin, and would wait for each other's count.
  std::array<std::uint32_t, bin_count> front{}, back{};
  const std::size_t n = logits.size();
  for (std::size_t i = 0; i < n / 2; ++i) {
    ++front[bin_of[i]];
    ++back[bin_of[n - 1 - i]];
  }
  if (n % 2) ++front[bin_of[n / 2]];
  for (std::size_t bin = 0; bin < bin_count; ++bin) {
    const std::uint32_t begin = binned.begin[bin], end = begin + front[bin] + back[bin];
    front[bin] = begin;
    binned.begin[bin + 1] = back[bin] = end;
  }
  float* const sorted = binned.logits.data();
  for (std::size_t i = 0; i < n / 2; ++i) {
    sorted[front[bin_of[i]]++] = logits[i];
    sorted[--back[bin_of[n - 1 - i]]] = logits[n - 1 - i];
  }
  if (n % 2) sorted[front[bin_of[n / 2]]] = logits[n / 2];
  return binned;
}

// Integrals of the monic Chebyshev polynomials up to degree 2 nodes - 1 over tokens at (logit - centre) /
// half_width, by the recurrence of the plain ones, T_k = 2^(k-1) times these; lanes are tokens. Out of line:
// within its callers GCC 12 does not make vector code of it.
template <int nodes>
[[gnu::noinline]] std::array<double, 2 * nodes> chebyshev_moments(std::span<const float> logits,
                                                                  double centre, double half_width) {
  constexpr int degrees = 2 * nodes;
  std::array<std::array<double, lanes>, degrees> sums{};
  const double scale = 1.0 / half_width;
  const auto take = [&](const std::array<double, lanes>& t, const std::array<double, lanes>& present) {
    std::array<double, lanes> older = present, old = t, twice;
    for (std::size_t lane = 0; lane < lanes; ++lane) twice[lane] = 2.0 * t[lane];
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[1][lane] += t[lane];
    for (int degree = 2; degree < degrees; ++degree)
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const double next = twice[lane] * old[lane] - older[lane];
        older[lane] = old[lane];
        old[lane] = next;
        sums[degree][lane] += next;
      }
  };
  std::array<double, lanes> t{}, present;
  present.fill(1.0);
  std::size_t i = 0;
  for (; i + lanes <= logits.size(); i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) t[lane] = (logits[i + lane] - centre) * scale;
    take(t, present);
  }
  if (i < logits.size()) {
    t.fill(0.0);
    present.fill(0.0);
    for (std::size_t lane = 0; i + lane < logits.size(); ++lane) {
      t[lane] = (logits[i + lane] - centre) * scale;
      present[lane] = 1.0;
    }
    take(t, present);
  }
  std::array<double, degrees> moments{};
  moments[0] = static_cast<double>(logits.size());
  double monic = 1;
  for (std::size_t degree = 1; degree < moments.size(); ++degree) {
    for (std::size_t lane = 0; lane < lanes; ++lane) moments[degree] += sums[degree][lane];
    moments[degree] *= monic;
    monic *= 0.5;
  }
  return moments;
}

GaussNodes condense(std::span<const float> logits, double centre, double half_width, int nodes) {
  if (nodes == report_nodes)
    return gauss_quadrature(chebyshev_moments<report_nodes>(logits, centre, half_width));
  return gauss_quadrature(chebyshev_moments<exact_nodes>(logits, centre, half_width));
}

// Sum of term(0..count - 1), `count` a multiple of the lanes, in eight partial sums that the compiler turns
// into vector code.
template <class Term>
double sum_of(std::size_t count, const Term& term) {
  std::array<double, lanes> sums{};
  for (std::size_t i = 0; i < count; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += term(i + lane);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

}  // namespace

DensityOfStates::DensityOfStates(std::span<const float> logits, int nodes) { assign(logits, nodes); }

void DensityOfStates::assign(std::span<const float> logits, int nodes) {
  if (nodes != exact_nodes && nodes != report_nodes) throw std::invalid_argument("unknown number of nodes");
  const Range range = range_of(logits);
  possible_ = range.possible;
  const Binned& binned = sort_into_bins(logits, range);
  auto& states = workspace.states;
  states.clear();
  for (std::uint32_t bin = 0; bin < bin_count; ++bin) {
    const std::span<const float> tokens(binned.logits.data() + binned.begin[bin],
                                        binned.begin[bin + 1] - binned.begin[bin]);
    if (tokens.empty() || bin == masked) continue;
    if (bin == at_bottom || bin == at_top) {
      states.emplace_back(tokens[0], static_cast<double>(tokens.size()));
    } else if (tokens.size() <= static_cast<std::size_t>(nodes)) {
      for (const float z : tokens) states.emplace_back(z, 1.0);
    } else {
      const double near = bin_start(bin), far = bin_start(bin + 1);
      const double half_width = (far - near) / 2, distance = near + half_width;
      const double centre = bin < upper_half ? range.smallest + distance : range.largest - distance;
      const GaussNodes gauss = condense(tokens, centre, half_width, nodes);
      for (int k = 0; k < gauss.count; ++k)
        states.emplace_back(centre + half_width * gauss.at[k], gauss.weight[k]);
    }
  }
  std::sort(states.begin(), states.end());
  logits_.clear();
  weights_.clear();
  logits_.reserve(states.size());
  weights_.reserve(states.size());
  for (const auto& [logit, weight] : states) {
    logits_.push_back(logit);
    weights_.push_back(weight);
  }
}

DensityOfStates::DensityOfStates(std::vector<double> logits, std::vector<double> weights,
                                 std::size_t possible)
    : logits_(std::move(logits)), weights_(std::move(weights)), possible_(possible) {
  bool good = !logits_.empty() && logits_.size() == weights_.size();
  for (std::size_t i = 0; good && i < logits_.size(); ++i)
    good = std::isfinite(logits_[i]) && weights_[i] > 0 && std::isfinite(weights_[i]) &&
           (i == 0 || logits_[i - 1] <= logits_[i]);
  if (!good) throw std::invalid_argument("finite ascending logits and positive weights expected");
}

StepMoments DensityOfStates::moments(double beta) const {
  if (beta != beta) throw std::invalid_argument("beta is NaN");
  if (logits_.empty()) throw std::invalid_argument("no token is possible");
  const bool downwards = beta < 0;
  const double extreme = downwards ? smallest() : largest();
  const double ties = downwards ? weights_.front() : weights_.back();
  const std::size_t first = downwards ? 1 : 0, count = logits_.size() - 1;
  if (std::fabs(beta) == infinity || count == 0) return {log_exact(ties), 0.0, 0.0};

  const double* z = logits_.data() + first;
  const double* weight = weights_.data() + first;
  // Padded to whole groups of lanes with states of weight 0.
  const std::size_t padded = (count + lanes - 1) / lanes * lanes;
  workspace.distance.assign(padded, 0.0);
  workspace.mass.assign(padded, 0.0);
  double *const distance = workspace.distance.data(), *const mass = workspace.mass.data();
  for (std::size_t i = 0; i < count; ++i) distance[i] = z[i] - extreme;
  for (std::size_t i = 0; i < count; ++i) mass[i] = weight[i] * exp_exact(beta * distance[i]);
  const double sum = sum_of(padded, [&](std::size_t i) { return mass[i]; });
  const double total = ties + sum;
  const double mean = sum_of(padded, [&](std::size_t i) { return mass[i] * distance[i]; }) / total;
  const double square = ties * mean * mean + sum_of(padded, [&](std::size_t i) {
                          const double d = distance[i] - mean;
                          return mass[i] * d * d;
                        });
  return {log_exact(ties) + log1p_exact(sum / ties), mean, square / total};
}

Thermo DensityOfStates::thermo(double beta) const {
  const StepMoments m = moments(beta);
  Thermo t{};
  t.beta = beta;
  t.possible = possible_;
  t.extreme = beta < 0 ? smallest() : largest();
  t.ties = static_cast<std::size_t>(std::llround(beta < 0 ? weights_.front() : weights_.back()));
  t.log_z_shifted = m.log_z_shifted;
  t.mean = t.extreme + m.mean_distance;
  t.variance = m.variance;
  const bool frozen = std::fabs(beta) == infinity;
  if (frozen) {
    t.entropy = m.log_z_shifted;
    t.log_z = t.extreme == 0 ? m.log_z_shifted : beta * t.extreme;
    t.free_energy = -t.extreme;
    return t;
  }
  t.entropy = beta == 0 ? m.log_z_shifted : m.log_z_shifted - beta * m.mean_distance;
  t.log_z = beta == 0 ? m.log_z_shifted : beta * t.extreme + m.log_z_shifted;
  t.free_energy =
      beta == 0 ? std::numeric_limits<double>::quiet_NaN() : -(t.extreme + m.log_z_shifted / beta);
  t.heat_capacity = (beta * m.variance) * beta;
  return t;
}

}  // namespace kelvin
