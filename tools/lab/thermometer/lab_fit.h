// What the thermometer says about one text, and about two.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sampling/statistics/calibration.h"
#include "tools/lab/reading/lab_text.h"

namespace kelvin {

// 95 % of the betas a text may have, and where T = 1/beta then lies: from `low` to `high`, or, if the
// interval of beta holds 0, above `high` or below `low` (through infinity).
struct TemperatureInterval {
  double low, high;
  bool through_infinity;
};
TemperatureInterval temperature_interval(double beta, double standard_error);
std::string text_of(const TemperatureInterval& interval);  // "0.91 to 0.96", "above 3.1 or below -8"

// "0.934", "0+", "-0", "inf", or "undetermined" for NaN.
std::string temperature_text(double beta);

// The model's first choice at `beta`, how sure it was and whether it came; steps and facts of `text`. beta:
// any number but NaN.
std::vector<Prediction> predictions(const LabText& text, double beta);

struct TextCost {
  double nats, nats_per_token, perplexity, bits_per_token;
  std::optional<double> bits_per_byte;
};
TextCost text_cost(const LabText& text, double nll);

// The standard error of a finite beta* where neighbouring tokens may err together: from the spread of the
// scores <z> - z_x summed over up to twelve consecutive batches (Ibragimov and Mueller 2010), to be read
// against Student's t with batches - 1 degrees of freedom. NaN where there are fewer than eight steps.
struct BatchError {
  double error;
  int batches;
};
BatchError batch_error(std::span<const ObservedStep> steps, double beta);

// The chance that |t| is at least this large, for Student's t with `freedom` > 0 degrees of freedom.
double student_p(double t, double freedom);

struct FitComparison {
  TemperatureFit first, second, common;
  // Welch's t test of beta_1 - beta_2 with batch errors; NaN unless both are finite and long enough.
  double difference, difference_error, difference_p;
  // Twice the likelihood lost by one common beta; its p value holds if each text is a draw from the model at
  // some temperature.
  double likelihood_ratio, likelihood_p;
};
FitComparison compare_fits(const LabText& first, const LabText& second);

}  // namespace kelvin
