// Looking into a forward pass without changing it.
#pragma once

#include <functional>
#include <span>

namespace kelvin {

// Called during Model::forward with the residual stream of every position: depth 0 is the embedding (input of
// layer 0), depth i the output of layer i - 1, depth n_layers + 1 the output of the final norm. hidden:
// (hidden_size,). On the calling thread.
using Observer = std::function<void(int feed, int position, int depth, std::span<const float> hidden)>;

}  // namespace kelvin
