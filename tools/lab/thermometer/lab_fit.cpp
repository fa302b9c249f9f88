#include "tools/lab/thermometer/lab_fit.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/platform/available_processors.h"
#include "engine/platform/in_parallel.h"
#include "tokenizer/base/formatted.h"

namespace kelvin {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

std::string short_number(double value) { return formatted("%.4g", value); }

}  // namespace

TemperatureInterval temperature_interval(double beta, double standard_error) {
  const double reach = 1.959963984540054 * standard_error, low = beta - reach, high = beta + reach;
  if (low < 0 && high > 0) return {1.0 / low, 1.0 / high, true};
  return {1.0 / high, 1.0 / low, false};
}

std::string text_of(const TemperatureInterval& interval) {
  const std::string low = short_number(interval.low), high = short_number(interval.high);
  return interval.through_infinity ? "above " + high + " or below " + low : low + " to " + high;
}

std::string temperature_text(double beta) {
  if (std::isnan(beta)) return "undetermined";
  if (std::isinf(beta)) return beta > 0 ? "0+" : "-0";
  return beta == 0 ? "inf" : short_number(1.0 / beta);
}

std::vector<Prediction> predictions(const LabText& text, double beta) {
  std::vector<Prediction> result(text.steps.size());
  constexpr std::size_t at_once = 64;
  in_parallel((result.size() + at_once - 1) / at_once, available_processors(), [&](std::size_t part) {
    for (std::size_t t = part * at_once; t < std::min(result.size(), (part + 1) * at_once); ++t) {
      const TokenFacts& facts = text.facts[t];
      const double confidence = exp_exact(-text.steps[t].states.moments(beta).log_z_shifted);
      result[t] = {confidence, facts.id == (beta < 0 ? facts.last_choice : facts.first_choice)};
    }
  });
  return result;
}

TextCost text_cost(const LabText& text, double nll) {
  const double steps = static_cast<double>(text.steps.size()), mean = nll / steps;
  TextCost cost{nll, mean, exp_exact(mean), mean / std::numbers::ln2, std::nullopt};
  if (mean > 700) cost.perplexity = infinity;
  if (text.bytes > 0) cost.bits_per_byte = nll / (std::numbers::ln2 * static_cast<double>(text.bytes));
  return cost;
}

BatchError batch_error(std::span<const ObservedStep> steps, double beta) {
  constexpr std::size_t max_batches = 12, smallest_batch = 4;
  const std::size_t batches = std::min(max_batches, steps.size() / smallest_batch);
  if (batches < 2) return {undefined, 0};
  std::vector<double> scores(batches, 0.0);
  double information = 0;
  for (std::size_t t = 0; t < steps.size(); ++t) {
    const StepMoments m = steps[t].states.moments(beta);
    const double extreme = beta < 0 ? steps[t].states.smallest() : steps[t].states.largest();
    scores[t * batches / steps.size()] += m.mean_distance - (steps[t].observed - extreme);
    information += m.variance;
  }
  // At beta* the scores add up to 0.
  double squares = 0;
  for (const double score : scores) squares += score * score;
  const double count = static_cast<double>(batches);
  return {std::sqrt(squares * count / (count - 1)) / information, static_cast<int>(batches)};
}

double student_p(double t, double freedom) {
  // With t = sqrt(freedom) tan(angle) the density is cos(angle)^(freedom - 1); Simpson's rule.
  const auto integral = [&](double from) {
    constexpr int panels = 2000;
    const double h = (std::numbers::pi / 2 - from) / panels;
    double sum = 0;
    for (int i = 0; i <= panels; ++i) {
      const double cosine = std::max(0.0, std::cos(from + i * h));
      sum += std::pow(cosine, freedom - 1) * (i == 0 || i == panels ? 1 : i % 2 == 1 ? 4 : 2);
    }
    return sum * h / 3;
  };
  return integral(std::atan(std::fabs(t) / std::sqrt(freedom))) / integral(0);
}

FitComparison compare_fits(const LabText& first, const LabText& second) {
  std::vector<ObservedStep> both = first.steps;
  both.insert(both.end(), second.steps.begin(), second.steps.end());
  FitComparison c{fit_temperature(first.steps),
                  fit_temperature(second.steps),
                  fit_temperature(both),
                  undefined,
                  undefined,
                  undefined,
                  undefined,
                  undefined};
  if (c.first.kind == FitKind::finite && c.second.kind == FitKind::finite) {
    c.difference = c.first.beta - c.second.beta;
    const BatchError one = batch_error(first.steps, c.first.beta),
                     two = batch_error(second.steps, c.second.beta);
    c.difference_error = std::hypot(one.error, two.error);
    const double freedom = std::pow(c.difference_error, 4) / (std::pow(one.error, 4) / (one.batches - 1) +
                                                              std::pow(two.error, 4) / (two.batches - 1));
    if (c.difference_error > 0) c.difference_p = student_p(c.difference / c.difference_error, freedom);
  }
  c.likelihood_ratio = std::max(0.0, 2 * (c.common.nll - c.first.nll - c.second.nll));
  c.likelihood_p = std::erfc(std::sqrt(c.likelihood_ratio / 2));
  return c;
}

}  // namespace kelvin
