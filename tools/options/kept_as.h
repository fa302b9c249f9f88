// How a model's matrices are kept, in words.
#pragma once

#include <string>

namespace kelvin {

struct Weights;

// Of the layers, without routers: "bf16", or "it is" where a quantised file's own numbers are. Matrices that are kept
// otherwise are counted: "it is but for 2 of 28 matrices (f32)".
std::string kept_as(const Weights& weights);

}  // namespace kelvin
