// Looking into a forward pass without changing it.
#pragma once

#include <functional>
#include <span>

namespace kelvin {

// Called during Model::forward with the residual stream of every position: stage 0 is the embedding (input of
// layer 0), stage i the output of layer i - 1, stage n_layers + 1 the output of the final norm. hidden:
// (hidden_size,). On the calling thread.
using Observer = std::function<void(int feed, int position, int stage, std::span<const float> hidden)>;

}  // namespace kelvin
