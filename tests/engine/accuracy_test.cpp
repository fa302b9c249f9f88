// The scalar table against the mathematics, in long double: exp, the activations, RMSNorm, matmul.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <vector>

#include "engine/kernels/kernels.h"
#include "tests/engine/random_values.h"

using namespace kelvin;
using namespace kelvin::kernels;
using test::RandomValues;

namespace {

using Real = long double;

float apply(void (*kernel)(const float*, const float*, int, float*), float x) {
  const float one = 1.0f;
  float y = 0;
  kernel(&x, &one, 1, &y);
  return y;
}

// In units of the last place of the expected value.
Real units(float found, Real expected) {
  int exponent = 0;
  std::frexp(expected, &exponent);
  return std::fabs(found - expected) / std::ldexp(Real{1}, std::max(exponent - 24, -149));
}

Real worst_units(const std::function<float(float)>& ours, const std::function<Real(Real)>& exact, float low,
                 float high) {
  Real largest = 0;
  constexpr int steps = 200000;
  for (int i = 0; i <= steps; ++i) {
    const float x = low + (high - low) * static_cast<float>(i) / steps;
    largest = std::max(largest, units(ours(x), exact(x)));
  }
  return largest;
}

float exp_of(float x) {
  float y = 0;
  scalar_kernels.exp(&x, 1, &y);
  return y;
}

}  // namespace

TEST_CASE("exp is within 1.02 units in the last place") {
  const auto exact = [](Real x) { return std::exp(x); };
  CHECK(worst_units(exp_of, exact, -87.0f, 88.7f) < 1.02L);
  CHECK(worst_units(exp_of, exact, -1.0f, 1.0f) < 1.02L);
  CHECK(exp_of(0.0f) == 1.0f);
  CHECK(exp_of(-0.0f) == 1.0f);
  CHECK(exp_of(-87.5f) == 0.0f);
  CHECK(exp_of(88.73f) == std::numeric_limits<float>::infinity());
  CHECK(exp_of(88.722f) < std::numeric_limits<float>::infinity());
}

TEST_CASE("activations are right to float precision") {
  const auto silu = [](float x) { return apply(scalar_kernels.silu_multiply, x); };
  const auto gelu_erf = [](float x) { return apply(scalar_kernels.gelu_erf_multiply, x); };
  const auto gelu_tanh = [](float x) { return apply(scalar_kernels.gelu_tanh_multiply, x); };
  const auto exact_silu = [](Real x) { return x / (1 + std::exp(-x)); };
  const auto exact_erf = [](Real x) { return x * std::erfc(-x / std::numbers::sqrt2_v<Real>) / 2; };
  const auto exact_tanh = [](Real x) {
    const Real u = std::sqrt(2 / std::numbers::pi_v<Real>) * (x + 0.044715L * x * x * x);
    return x / (1 + std::exp(-2 * u));
  };
  CHECK(worst_units(silu, exact_silu, -60.0f, 60.0f) < 4.0L);
  CHECK(worst_units(gelu_erf, exact_erf, 0.0f, 20.0f) < 6.0L);
  CHECK(worst_units(gelu_erf, exact_erf, -2.0f, 0.0f) < 10.0L);
  // In the tail x^2 / 2 is rounded before exp: the relative error grows with it, the value itself is below
  // 0.05.
  CHECK(worst_units(gelu_erf, exact_erf, -8.0f, -2.0f) < 60.0L);
  CHECK(worst_units(gelu_tanh, exact_tanh, 0.0f, 20.0f) < 6.0L);
  CHECK(worst_units(gelu_tanh, exact_tanh, -2.0f, 0.0f) < 10.0L);
  CHECK(gelu_erf(-20.0f) == 0.0f);
  CHECK(silu(-200.0f) == 0.0f);
}

TEST_CASE("RMSNorm and matmul are right to float precision") {
  RandomValues random(11);
  const std::vector<float> x = random.values(1003, 5.0f), w = random.values(1003);
  std::vector<float> y(1003);
  scalar_kernels.rms_norm(x.data(), w.data(), 1003, 0.25f, y.data());
  Real squares = 0, product = 0, sizes = 0;
  for (int i = 0; i < 1003; ++i) {
    squares += static_cast<Real>(x[i]) * x[i];
    product += static_cast<Real>(x[i]) * w[i];
    sizes += std::fabs(static_cast<Real>(x[i]) * w[i]);
  }
  for (int i = 0; i < 1003; ++i)
    CHECK(
        y[i] ==
        doctest::Approx(static_cast<double>(x[i] * w[i] / std::sqrt(squares / 1003 + 0.25L))).epsilon(3e-7));
  float sum = 0;
  const float bias = 0.5f;
  scalar_kernels.matmul_f32({w.data(), 1, 1003, x.data(), 1003, 1, &bias, &sum, 1});
  CHECK(std::fabs(sum - (product + 0.5L)) < 4e-7L * sizes);
}
