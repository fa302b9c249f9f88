// Temperature, the one place where beta meets the logits; all temperature stages end here.
#pragma once

#include <span>

namespace kelvin {

// z' = beta (z - ref) with ref the largest logit at beta > 0 and the smallest possible one at beta < 0, so
// that no z' is positive. beta +-inf leaves only the extreme tokens, beta 0 makes all possible tokens equal,
// -inf stays -inf at every beta. Values beyond a float become the lowest finite one: temperature never
// removes a token. `keep_zero`: z' = beta z instead (as other engines have it; the same distribution).
void temper(std::span<float> logits,  // (vocabulary,)
            double beta, bool keep_zero = false);

// beta = 1 / T with T = 0 -> inf, -0 -> -inf, +-inf -> 0.
double beta_of(double temperature);

}  // namespace kelvin
