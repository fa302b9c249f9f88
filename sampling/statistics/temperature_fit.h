// Which temperature does a text have under a model? The beta that makes its tokens likeliest: the root of
//   d NLL / d beta = sum over steps of (<z> - z_x),   NLL(beta) = sum of (ln Z(beta) - beta z_x),
// which is convex on the whole line, negative beta included. On labelled text this is temperature scaling
// (Guo et al. 2017, arXiv 1706.04599).
#pragma once

#include <cstddef>
#include <span>

#include "sampling/statistics/density_of_states.h"

namespace kelvin {

// One step of a text: what the model offered and what came.
struct ObservedStep {
  DensityOfStates states;
  double observed;  // logit of the token that came; -inf where it was impossible
};

// Sums over steps at one beta. All in nats and their derivatives by beta.
struct TextStatistics {
  double nll = 0;
  double gradient = 0;       // sum of (<z> - z_x)
  double information = 0;    // sum of Var z: the second derivative
  double score_squares = 0;  // sum of (<z> - z_x)^2
  double gradient_scale =
      0;  // sum of what the gradient is the difference of: its rounding error is some 1e-16 of this
};

// beta: any number but NaN. At infinite beta a step that did not take the extreme logit costs +inf.
TextStatistics text_statistics(std::span<const ObservedStep> steps, double beta);

enum class FitKind {
  finite,
  plus_infinity,   // every token was the model's first choice: T -> 0+
  minus_infinity,  // every token was its last: T -> 0-
  undetermined,    // all logits equal at every step: any beta does
  empty,           // no steps
  forbidden,       // a token came that the model forbids: no beta explains it
};

struct TemperatureFit {
  FitKind kind = FitKind::empty;
  double beta = 0;            // NaN where undetermined, empty or forbidden
  double nll = 0;             // at beta, in nats; the limit at infinite beta; +inf where forbidden
  double standard_error = 0;  // of beta if the text is a draw from the model at 1/beta: 1 /
                              // sqrt(information); NaN where not finite
  double robust_error =
      0;  // without that belief: sqrt(sum of (<z> - z_x)^2) / information (Huber 1967; White 1982)
  std::size_t forbidden_step = 0;  // the first, where forbidden

  double temperature() const { return 1.0 / beta; }
};

// Newton's method from `start`, with bisection in the order of the floating-point numbers where it does not
// pay: at most some 150 evaluations whatever the scale of the logits, about ten as a rule. Relative error of
// beta about 1e-12.
TemperatureFit fit_temperature(std::span<const ObservedStep> steps, double start = 1.0);

}  // namespace kelvin
