// How much memory the matrices and vectors of a plan take, before it is taken.
#pragma once

#include <cstddef>

#include "engine/weights/storage.h"
#include "loaders/model/tensor_mapping.h"

namespace kelvin {

class WeightStorage;
struct Weights;

// What of a plan is used where it lies in its file, and so takes no memory.
bool used_in_place(const WeightPlan::MatrixPlace& place, Storage storage);
bool used_in_place(const WeightPlan::VectorPlace& place);

// Bytes of the one buffer that holds all the others, each at a multiple of 64.
std::size_t weight_memory(const WeightPlan& plan, const WeightStorage& storage);
std::size_t room_for(std::size_t bytes);

// Throws OutOfMemory where that is not to be had; its text names the kinds of --weights that would fit.
// `weights` is what the plan points into.
void require_weight_memory(const WeightPlan& plan, const WeightStorage& storage, const Weights& weights);

}  // namespace kelvin
