// The weights of an array of logits: what most samplers ask of it.
#pragma once

#include <cstddef>
#include <span>

#include "sampling/scratch.h"
#include "sampling/statistics/logit_scan.h"

namespace kelvin {

// Fills scratch.weights with exp(z - largest), 0 for the impossible, and returns their sum (in a fixed order,
// error about 1e-15 relative).
double fill_weights(std::span<const float> logits, Scratch& scratch);

// Turns distances <= 0 from the largest logit, -infinity included, into these weights in place.
void to_weights(std::span<double> distances);

// exp(z - top) of neighbours in descending order, for most of which a polynomial does.
void fill_ranked_weights(std::span<const Candidate> ranked,  // (ranks,)
                         double top,
                         std::span<double> weights);  // (ranks,)

// The sum in a fixed order.
double sum_of(std::span<const double> values);

// One of these weights: of a token `distance` <= 0 above the largest.
double weight_at(double distance);

// fill_weights with the entropy in nats of softmax(logits), at beta 1.
struct Spread {
  double total, entropy;
};
Spread spread_of(std::span<const float> logits, Scratch& scratch);

// The population variance of the possible logits.
double variance_of(std::span<const float> logits, Scratch& scratch);

// Makes every token below `cut` impossible.
void remove_below(std::span<float> logits, double cut);

}  // namespace kelvin
