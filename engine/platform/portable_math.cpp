#include "engine/platform/portable_math.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace kelvin::portable {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double ln2_high = 0x1.62e42fefa39efp-1, ln2_low = 0x1.abc9e3b39803fp-56;

// A value as an unevaluated sum; low is below the last place of high.
struct Pair {
  double high, low;
};

// exp(r + low) for |r| <= ln(2) / 2: its Taylor series, whose 14th term is below 2^-55.
double exp_reduced(double r, double low) {
  double p = 1.0 / 6227020800.0;
  p = std::fma(p, r, 1.0 / 479001600.0);
  p = std::fma(p, r, 1.0 / 39916800.0);
  p = std::fma(p, r, 1.0 / 3628800.0);
  p = std::fma(p, r, 1.0 / 362880.0);
  p = std::fma(p, r, 1.0 / 40320.0);
  p = std::fma(p, r, 1.0 / 5040.0);
  p = std::fma(p, r, 1.0 / 720.0);
  p = std::fma(p, r, 1.0 / 120.0);
  p = std::fma(p, r, 1.0 / 24.0);
  p = std::fma(p, r, 1.0 / 6.0);
  p = std::fma(p, r, 0.5);
  return 1.0 + (r + std::fma(p, r * r, low));
}

double exp_of(Pair x) {
  if (x.high != x.high) return x.high;
  if (x.high > 709.79) return infinity;
  if (x.high < -745.2) return 0.0;
  const double n = std::floor(std::fma(x.high, 0x1.71547652b82fep+0, 0.5));
  const double rough = std::fma(n, -ln2_high, x.high), rest = std::fma(n, -ln2_low, x.low);
  const double r = rough + rest;
  return std::ldexp(exp_reduced(r, (rough - r) + rest), static_cast<int>(n));
}

// log(x) = e ln 2 + 2 artanh(s), s = (m - 1) / (m + 1), m in [sqrt(1/2), sqrt(2)).
Pair log_of(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0x1.6a09e667f3bcdp-1) {
    m *= 2.0;
    --exponent;
  }
  const double top = m - 1.0, bottom = m + 1.0;
  const double s = top / bottom;
  // What the two roundings of the quotient left out.
  const double bottom_low = m - (bottom - 1.0);
  const double s_low = (std::fma(-s, bottom, top) - s * bottom_low) / bottom;
  const double z = s * s;
  double p = 1.0 / 23.0;
  p = std::fma(p, z, 1.0 / 21.0);
  p = std::fma(p, z, 1.0 / 19.0);
  p = std::fma(p, z, 1.0 / 17.0);
  p = std::fma(p, z, 1.0 / 15.0);
  p = std::fma(p, z, 1.0 / 13.0);
  p = std::fma(p, z, 1.0 / 11.0);
  p = std::fma(p, z, 1.0 / 9.0);
  p = std::fma(p, z, 1.0 / 7.0);
  p = std::fma(p, z, 1.0 / 5.0);
  p = std::fma(p, z, 1.0 / 3.0);
  const double e = exponent;
  const double tail = 2.0 * std::fma(p * z, s, s_low) + e * ln2_low;
  const double e_ln2 = e * ln2_high, e_ln2_low = std::fma(e, ln2_high, -e_ln2);
  const double twice = 2.0 * s;
  // e_ln2 is zero or larger than twice: their sum and what it loses.
  const double sum = e_ln2 + twice;
  const double lost = e == 0.0 ? 0.0 : twice - (sum - e_ln2);
  const double low = lost + (tail + e_ln2_low);
  const double high = sum + low;
  return {high, low - (high - sum)};
}

struct Reduced {
  double r, low;  // x - n pi/2
  unsigned quadrant;
};

Reduced reduce(double x) {
  const double n = std::floor(std::fma(x, 0x1.45f306dc9c883p-1, 0.5));
  const double r = std::fma(n, -0x1.921fb54442d18p+0, x);
  const double by = n * 0x1.1a62633145c07p-54;
  const double by_low = std::fma(n, 0x1.1a62633145c07p-54, -by);
  const double high = r - by;
  const double low = ((r - high) - by) - by_low - n * -0x1.f1976b7ed8fbcp-110;
  return {high, low, static_cast<unsigned>(static_cast<std::int64_t>(n) & 3)};
}

double sin_reduced(double r, double low) {
  const double z = r * r;
  double p = -1.0 / 1307674368000.0;
  p = std::fma(p, z, 1.0 / 6227020800.0);
  p = std::fma(p, z, -1.0 / 39916800.0);
  p = std::fma(p, z, 1.0 / 362880.0);
  p = std::fma(p, z, -1.0 / 5040.0);
  p = std::fma(p, z, 1.0 / 120.0);
  p = std::fma(p, z, -1.0 / 6.0);
  // sin(r + low) = sin r + low cos r, cos r = 1 - r^2 / 2 nearly
  return r + std::fma(p * z, r, std::fma(-0.5 * z, low, low));
}

double cos_reduced(double r, double low) {
  const double z = r * r;
  double p = 1.0 / 20922789888000.0;
  p = std::fma(p, z, -1.0 / 87178291200.0);
  p = std::fma(p, z, 1.0 / 479001600.0);
  p = std::fma(p, z, -1.0 / 3628800.0);
  p = std::fma(p, z, 1.0 / 40320.0);
  p = std::fma(p, z, -1.0 / 720.0);
  p = std::fma(p, z, 1.0 / 24.0);
  const double half = 0.5 * z, rough = 1.0 - half;
  return rough + ((1.0 - rough) - half + std::fma(p * z, z, -r * low));
}

double turn(const Reduced& x, unsigned quarter) {
  switch (quarter & 3u) {
    case 0:
      return sin_reduced(x.r, x.low);
    case 1:
      return cos_reduced(x.r, x.low);
    case 2:
      return -sin_reduced(x.r, x.low);
    default:
      return -cos_reduced(x.r, x.low);
  }
}

}  // namespace

double exp(double x) { return exp_of({x, 0.0}); }

double log(double x) {
  if (x != x || x < 0.0) return std::numeric_limits<double>::quiet_NaN();
  if (x == 0.0) return -infinity;
  if (x == infinity) return x;
  return log_of(x).high;
}

double sin(double x) {
  const Reduced reduced = reduce(x);
  return turn(reduced, reduced.quadrant);
}

double cos(double x) {
  const Reduced reduced = reduce(x);
  return turn(reduced, reduced.quadrant + 1);
}

double pow(double x, double y) {
  if (!(x > 0.0) || x == infinity) throw std::domain_error("pow: the base must be a positive number");
  const Pair l = log_of(x);
  const double high = l.high * y;
  return exp_of({high, std::fma(l.high, y, -high) + l.low * y});
}

}  // namespace kelvin::portable
