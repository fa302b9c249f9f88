// The statistics of a text's steps over a range of temperatures, from one forward pass.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/statistics/density_of_states.h"
#include "sampling/statistics/temperature_fit.h"

namespace kelvin {

// Means over the steps at one beta; each step is a system of its own. NaN where a quantity does not exist.
struct SweepPoint {
  double beta;
  double nll;                   // of the tokens that came, nats per token; NaN where none came
  double entropy;               // S, nats
  double energy;                // E = -<z>
  double free_energy;           // F = E - T S; NaN at beta 0
  double heat_capacity;         // C = beta^2 Var z
  double top_mass;              // probability of the likeliest token at this temperature
  double heat_capacity_check;   // dE/dT by differences of E
  double beta_check;            // dS/dE by differences: 1/T
  std::optional<int> distinct;  // different tokens among the draws of the last step
};

// steps: `observed` NaN where nothing came. Temperatures are shared out among `threads`.
std::vector<SweepPoint> sweep(std::span<const ObservedStep> steps, std::span<const double> betas,
                              int threads);

// How many different tokens `draws` streams of noise (streams 0, 1, ... of `seed`) take from one row at beta.
int distinct_draws(std::span<const float> logits,  // (vocabulary,)
                   double beta, int draws, std::uint64_t seed, std::uint64_t position);

// "0.5,1,inf,-2,-0" and ranges "low:high:count" (log-spaced for temperatures, which must have one sign; even
// for betas) as betas, coldest first: from +inf through 0 to -inf, each once. Throws UserError
// with what was expected.
std::vector<double> betas_of_temperatures(std::string_view text);
std::vector<double> betas_of(std::string_view text);
// Both signs from |T| = 0.05 to 20, close enough for curves, with the ends and infinity; and those of them
// that a table shows.
std::vector<double> default_betas();
std::vector<double> short_list_of_betas();

}  // namespace kelvin
