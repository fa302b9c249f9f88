#include "sampling/statistics/temperature_fit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace kelvin {
namespace {

constexpr double largest_number = std::numeric_limits<double>::max();
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

// Floating-point numbers as integers in the same order.
std::int64_t ordinal(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  return bits < 0 ? std::numeric_limits<std::int64_t>::min() - bits : bits;
}

double from_ordinal(std::int64_t n) {
  return std::bit_cast<double>(n < 0 ? std::numeric_limits<std::int64_t>::min() - n : n);
}

// The number in the middle of those between a and b.
double middle(double a, double b) {
  const std::int64_t i = ordinal(a), j = ordinal(b);
  return from_ordinal(i / 2 + j / 2 + (i % 2 + j % 2) / 2);
}

double root_of_gradient(std::span<const ObservedStep> steps, double beta) {
  double low = -largest_number, high = largest_number, before = infinity;
  for (int round = 0; round < 300; ++round) {
    const TextStatistics s = text_statistics(steps, beta);
    if (s.gradient == 0) return beta;
    (s.gradient > 0 ? high : low) = beta;
    const double newton = beta - s.gradient / s.information;
    const bool inside = newton > low && newton < high;
    // What is left is rounding, of beta or of the gradient itself.
    if (inside && std::fabs(newton - beta) <= 4e-16 * std::fabs(newton)) return newton;
    if (inside && std::fabs(s.gradient) <= 1e-16 * s.gradient_scale) return newton;
    const bool pays = std::fabs(s.gradient) < 0.5 * before;
    before = std::fabs(s.gradient);
    const double next = inside && pays ? newton : middle(low, high);
    if (!(next > low && next < high)) return beta;
    // A gradient that bisection met anew says nothing about how well Newton's method does.
    if (next != newton) before = infinity;
    beta = next;
  }
  return beta;
}

}  // namespace

TextStatistics text_statistics(std::span<const ObservedStep> steps, double beta) {
  ExactSum nll, gradient, information, squares;
  double scale = 0;
  for (const ObservedStep& step : steps) {
    const StepMoments m = step.states.moments(beta);
    const double extreme = beta < 0 ? step.states.smallest() : step.states.largest();
    const double distance = step.observed - extreme;
    const double score = m.mean_distance - distance;
    nll.add(distance == 0 || beta == 0 ? m.log_z_shifted : m.log_z_shifted - beta * distance);
    gradient.add(score);
    information.add(m.variance);
    squares.add(score * score);
    scale += std::fabs(m.mean_distance) + std::fabs(distance);
  }
  return {nll.value(), gradient.value(), information.value(), squares.value(), scale};
}

TemperatureFit fit_temperature(std::span<const ObservedStep> steps, double start) {
  TemperatureFit fit;
  fit.beta = fit.standard_error = fit.robust_error = undefined;
  if (steps.empty()) return fit;
  const auto forbidden = std::find_if(steps.begin(), steps.end(),
                                      [](const ObservedStep& step) { return step.observed == -infinity; });
  if (forbidden != steps.end()) {
    fit.kind = FitKind::forbidden;
    fit.nll = infinity;
    fit.forbidden_step = static_cast<std::size_t>(forbidden - steps.begin());
    return fit;
  }
  const auto all = [&](auto test) { return std::all_of(steps.begin(), steps.end(), test); };
  if (all([](const ObservedStep& s) { return s.states.largest() == s.states.smallest(); })) {
    fit.kind = FitKind::undetermined;
    fit.nll = text_statistics(steps, 1.0).nll;
    return fit;
  }
  // The limits beta -> +-inf.
  const bool at_top = all([](const ObservedStep& s) { return s.observed == s.states.largest(); });
  if (at_top || all([](const ObservedStep& s) { return s.observed == s.states.smallest(); })) {
    fit.kind = at_top ? FitKind::plus_infinity : FitKind::minus_infinity;
    fit.beta = at_top ? infinity : -infinity;
    fit.nll = text_statistics(steps, fit.beta).nll;
    return fit;
  }
  fit.kind = FitKind::finite;
  fit.beta = root_of_gradient(steps, start);
  TextStatistics at_root = text_statistics(steps, fit.beta);
  // A beta that the rounding of the gradient alone explains is 0.
  if (std::fabs(fit.beta) * at_root.information <= 2e-16 * at_root.gradient_scale) {
    fit.beta = 0;
    at_root = text_statistics(steps, 0);
  }
  fit.nll = at_root.nll;
  fit.standard_error = 1.0 / std::sqrt(at_root.information);
  fit.robust_error = std::sqrt(at_root.score_squares) / at_root.information;
  return fit;
}

}  // namespace kelvin
