// Softmax as a Boltzmann distribution: p_i proportional to exp(beta z_i), beta = 1/T in 1/logit units, energy
// E_i = -z_i (Boltzmann 1868; Gibbs 1902). beta may be any real number or +-infinity, logits anything but
// NaN:
//   z = -inf   impossible at every beta, negative ones included; counts in no sum
//   beta = 0   uniform over the possible tokens
//   beta = +inf (-inf)   uniform over the tokens tied at the largest (smallest) logit
//   z = +inf   takes all the probability at beta > 0 and none at beta < 0
// Accurate to about 1e-14 relative for any range of logits, small quantities included: no difference of large
// numbers is formed where a sum of positive terms exists. This header needs nothing but the standard library,
// and no function of libm.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>

namespace kelvin {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

// e^x to 1 ulp, by a Taylor polynomial of degree 13 around the nearest multiple of ln 2. Free of branches, so
// loops over it become vector code. Multiplications and additions only: the same bits on every machine.
inline double exp_exact(double x) {
  constexpr double log2_e = 0x1.71547652b82fep0;
  constexpr double ln2_high = 0x1.62e42fefa38p-1;  // 42 bits, so that multiples up to 1100 are exact
  constexpr double ln2_low = 0x1.ef35793c7673p-45;
  constexpr double round_bits = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  x = x < -800.0 ? -800.0 : x;
  x = x > 800.0 ? 800.0 : x;
  const double n = (x * log2_e + round_bits) - round_bits;
  const double r = (x - n * ln2_high) - n * ln2_low;
  // Pairs, then pairs of pairs: shorter chains of dependent operations than Horner's scheme.
  const double r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  const double p01 = 1.0 / 6 + r * (1.0 / 24), p23 = 1.0 / 120 + r * (1.0 / 720);
  const double p45 = 1.0 / 5040 + r * (1.0 / 40320), p67 = 1.0 / 362880 + r * (1.0 / 3628800);
  const double p89 = 1.0 / 39916800 + r * (1.0 / 479001600);
  const double tail = ((p01 + r2 * p23) + r4 * (p45 + r2 * p67)) + r8 * (p89 + r2 * (1.0 / 6227020800));
  const double p = r + r2 * (0.5 + r * tail);
  // 2^n in two factors, so that results down to the smallest denormal come out.
  const double half = n * 0.5 + round_bits;
  const double rest = (n - (half - round_bits)) + round_bits;
  const double scale1 = std::bit_cast<double>((std::bit_cast<std::uint64_t>(half) + 1023) << 52);
  const double scale2 = std::bit_cast<double>((std::bit_cast<std::uint64_t>(rest) + 1023) << 52);
  return ((p + 1.0) * scale1) * scale2;
}

// ln x to 1 ulp, by the series of 2 artanh(f / (2 + f)) with x = 2^k (1 + f). ln 0 = -inf, ln of a negative
// number NaN.
inline double log_exact(double x) {
  if (!(x > 0)) return x == 0 ? -infinity : std::numeric_limits<double>::quiet_NaN();
  if (x == infinity) return x;
  double k = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= 0x1p54;
    k = -54;
  }
  constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcdu;  // the bits of sqrt(1/2)
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const auto exponent = static_cast<std::int64_t>(bits - root_half) >> 52;
  const double m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(exponent) << 52));
  k += static_cast<double>(exponent);
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  double series = 2.0 / 23;
  series = series * z + 2.0 / 21;
  series = series * z + 2.0 / 19;
  series = series * z + 2.0 / 17;
  series = series * z + 2.0 / 15;
  series = series * z + 2.0 / 13;
  series = series * z + 2.0 / 11;
  series = series * z + 2.0 / 9;
  series = series * z + 2.0 / 7;
  series = series * z + 2.0 / 5;
  series = series * z + 2.0 / 3;
  const double half_square = 0.5 * f * f;
  constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
  return k * ln2_high - ((half_square - (s * (half_square + series * z) + k * ln2_low)) - f);
}

// ln(1 + x) for x > -1, small x included.
inline double log1p_exact(double x) {
  const double u = 1.0 + x;
  if (u == 1.0 || u == infinity) return x;
  return log_exact(u) + (x - (u - 1.0)) / u;
}

// Adds up with compensation (Neumaier 1974), in the order of the calls.
class ExactSum {
 public:
  void add(double x) {
    const double t = sum_ + x;
    lost_ += std::fabs(sum_) >= std::fabs(x) ? (sum_ - t) + x : (x - t) + sum_;
    sum_ = t;
  }
  double value() const { return std::fabs(sum_) < infinity ? sum_ + lost_ : sum_; }

 private:
  double sum_ = 0, lost_ = 0;
};

// The statistics of one set of logits at one beta. "<.>" is the mean over p.
struct Thermo {
  double beta;
  std::size_t possible;  // tokens that are not impossible
  double extreme;        // the likeliest logit: the largest at beta >= 0, the smallest at beta < 0
  std::size_t ties;      // tokens at `extreme`
  double log_z;          // ln sum exp(beta z); +-inf at beta = +-inf unless extreme is 0
  double log_z_shifted;  // ln sum exp(beta (z - extreme)) >= 0
  double mean;           // <z> = -<E>
  double variance;       // of z; NaN where it does not exist (+inf among the likely)
  double entropy;        // nats
  double free_energy;    // F = -ln Z / beta = <E> - T S; NaN at beta 0, where only beta F = -ln Z exists
  double heat_capacity;  // d<E>/dT = beta^2 variance

  // ln p of a token with logit z of this set.
  double log_p(double z) const {
    if (z == -infinity || (z == infinity && beta < 0)) return -infinity;
    if (z == extreme || beta == 0) return -log_z_shifted;
    if (std::fabs(beta) == infinity || extreme == infinity) return -infinity;
    return beta * (z - extreme) - log_z_shifted;
  }
};

namespace boltzmann_detail {

// exp(beta (z - extreme)) of a token that is neither at the extreme nor impossible.
inline double weight(double z, double beta, double extreme) {
  if (beta == 0) return 1.0;
  return exp_exact(beta * (z - extreme));
}

inline bool counts(double z, double beta) { return z != -infinity && !(z == infinity && beta < 0); }

}  // namespace boltzmann_detail

// Throws std::invalid_argument if beta or a logit is NaN, or if no token is possible.
template <class Real>
Thermo thermo(std::span<const Real> logits,  // (vocabulary,)
              double beta) {
  using boltzmann_detail::counts;
  using boltzmann_detail::weight;
  if (beta != beta) throw std::invalid_argument("beta is NaN");
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  Thermo t{};
  t.beta = beta;
  t.extreme = beta < 0 ? infinity : -infinity;
  for (const Real logit : logits) {
    const double z = static_cast<double>(logit);
    if (z != z) throw std::invalid_argument("a logit is NaN");
    if (!counts(z, beta)) continue;
    ++t.possible;
    if (beta < 0 ? z < t.extreme : z > t.extreme) {
      t.extreme = z;
      t.ties = 0;
    }
    if (z == t.extreme) ++t.ties;
  }
  if (t.possible == 0) throw std::invalid_argument("no token is possible");

  const double ties = static_cast<double>(t.ties);
  const bool frozen = std::fabs(beta) == infinity || (t.extreme == infinity && beta != 0);
  if (frozen || t.extreme == infinity) {
    const double share = frozen ? ties : static_cast<double>(t.possible);
    t.log_z_shifted = t.entropy = log_exact(share);
    t.mean = t.extreme;
    const bool divergent = t.extreme == infinity;
    t.log_z = beta == 0 ? t.entropy : t.extreme == 0 ? t.log_z_shifted : beta * t.extreme;
    t.variance = divergent ? undefined : 0.0;
    t.heat_capacity = divergent && beta != 0 ? undefined : 0.0;
    t.free_energy = beta == 0 ? undefined : -t.extreme;
    return t;
  }

  // Distances d = z - extreme: tokens at the extreme have weight 1 and d = 0 and enter only through their
  // number.
  ExactSum others, distance;
  for (const Real logit : logits) {
    const double z = static_cast<double>(logit);
    if (z == t.extreme || !counts(z, beta)) continue;
    const double w = weight(z, beta, t.extreme);
    others.add(w);
    if (w > 0) distance.add(w * (z - t.extreme));
  }
  const double z_sum = ties + others.value();
  const double mean_distance = distance.value() / z_sum;
  ExactSum square;
  for (const Real logit : logits) {
    const double z = static_cast<double>(logit);
    if (z == t.extreme || !counts(z, beta)) continue;
    const double w = weight(z, beta, t.extreme);
    const double d = (z - t.extreme) - mean_distance;
    if (w > 0) square.add(w * d * d);
  }
  t.log_z_shifted = log_exact(ties) + log1p_exact(others.value() / ties);
  t.mean = t.extreme + mean_distance;
  t.variance = (square.value() + ties * mean_distance * mean_distance) / z_sum;
  t.entropy = beta == 0 ? t.log_z_shifted : t.log_z_shifted - beta * mean_distance;
  t.log_z = beta == 0 ? t.log_z_shifted : beta * t.extreme + t.log_z_shifted;
  t.free_energy = beta == 0 ? undefined : -(t.extreme + t.log_z_shifted / beta);
  t.heat_capacity = beta * beta * t.variance;
  if (t.variance > 0 && t.heat_capacity == 0) t.heat_capacity = (beta * t.variance) * beta;
  return t;
}

// ln p_i into `out`, shape (vocabulary,) like the logits; -inf where p_i = 0. Returns what thermo() does.
template <class Real, class Out>
Thermo log_softmax(std::span<const Real> logits, double beta, std::span<Out> out) {
  const Thermo t = thermo(logits, beta);
  for (std::size_t i = 0; i < logits.size(); ++i)
    out[i] = static_cast<Out>(t.log_p(static_cast<double>(logits[i])));
  return t;
}

// p_i into `out`, shape (vocabulary,) like the logits.
template <class Real, class Out>
Thermo softmax(std::span<const Real> logits, double beta, std::span<Out> out) {
  const Thermo t = thermo(logits, beta);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double log_p = t.log_p(static_cast<double>(logits[i]));
    out[i] = static_cast<Out>(log_p == -infinity ? 0.0 : exp_exact(log_p));
  }
  return t;
}

}  // namespace kelvin
