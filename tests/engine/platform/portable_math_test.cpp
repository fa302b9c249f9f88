#include "engine/platform/portable_math.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

#include "tests/engine/random_values.h"

namespace portable = kelvin::portable;
using kelvin::test::RandomValues;

namespace {

// Largest relative error against long double over random arguments in [low, high].
double worst(const std::function<double(double)>& ours,
             const std::function<long double(long double)>& reference, double low, double high) {
  RandomValues random(7);
  double largest = 0;
  for (int i = 0; i < 40000; ++i) {
    const double at = 0.5 + 0.5 * (random.value() + random.value() * 0x1p-24);
    const double x = low + (high - low) * at;
    const long double expected = reference(x);
    const long double error = std::fabs(static_cast<long double>(ours(x)) - expected) / std::fabs(expected);
    largest = std::max(largest, static_cast<double>(error));
  }
  return largest;
}

long double exp_reference(long double x) { return std::exp(x); }
long double log_reference(long double x) { return std::log(x); }
long double sin_reference(long double x) { return std::sin(x); }
long double cos_reference(long double x) { return std::cos(x); }

}  // namespace

// Where long double is double, the reference is no better than what is tested.
TEST_CASE("elementary functions are right to 1e-15" *
          doctest::skip(std::numeric_limits<long double>::digits < 64)) {
  CHECK(worst(portable::exp, exp_reference, -1, 1) < 4e-16);
  CHECK(worst(portable::exp, exp_reference, -700, 700) < 4e-16);
  CHECK(worst(portable::log, log_reference, 0.5, 2) < 4e-16);
  CHECK(worst(portable::log, log_reference, 1e-300, 1e-290) < 4e-16);
  CHECK(worst(portable::log, log_reference, 1, 1e9) < 4e-16);
  for (const double range : {1.0, 10.0, 1e4, 1e6, 1e9}) {
    CAPTURE(range);
    CHECK(worst(portable::sin, sin_reference, -range, range) < 6e-16);
    CHECK(worst(portable::cos, cos_reference, -range, range) < 6e-16);
  }
  for (const double theta : {10000.0, 500000.0, 1e6, 1.37})
    CHECK(worst([&](double y) { return portable::pow(theta, y); },
                [&](long double y) { return std::pow(static_cast<long double>(theta), y); }, -1.5,
                1.5) < 6e-16);
}

TEST_CASE("elementary functions at the ends of their ranges") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(portable::exp(0.0) == 1.0);
  CHECK(portable::exp(-infinity) == 0.0);
  CHECK(portable::exp(infinity) == infinity);
  CHECK(portable::exp(-740.0) > 0.0);
  CHECK(portable::exp(710.0) == infinity);
  CHECK(std::isnan(portable::exp(std::nan(""))));
  CHECK(portable::log(1.0) == 0.0);
  CHECK(portable::log(0.0) == -infinity);
  CHECK(portable::log(infinity) == infinity);
  CHECK(std::isnan(portable::log(-1.0)));
  CHECK(portable::log(5e-324) == doctest::Approx(-744.4400719213812));
  CHECK(portable::sin(0.0) == 0.0);
  CHECK(portable::cos(0.0) == 1.0);
  CHECK(portable::sin(3.141592653589793) == doctest::Approx(1.2246467991473532e-16).epsilon(1e-14));
  CHECK(portable::pow(10000.0, 0.0) == 1.0);
  CHECK(portable::pow(2.0, 10.0) == 1024.0);
  CHECK_THROWS_AS(portable::pow(-1.0, 0.5), std::domain_error);
  CHECK_THROWS_AS(portable::pow(0.0, 1.0), std::domain_error);
}
