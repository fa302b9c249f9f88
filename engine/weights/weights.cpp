#include "engine/weights/weights.h"

#include <algorithm>

#include "engine/weights/half.h"
#include "engine/weights/packed.h"

namespace kelvin {
namespace {

template <class Layer, class Projection>
std::vector<Projection*> places_of(Layer& w) {
  std::vector<Projection*> found;
  const auto add = [&](Projection& linear) { found.push_back(&linear); };
  const auto add_mlp = [&](auto& mlp) {
    add(mlp.gate);
    add(mlp.up);
    add(mlp.down);
  };
  for (auto* linear : {&w.q, &w.k, &w.v, &w.o, &w.q_down, &w.kv_down, &w.kv_up}) add(*linear);
  add_mlp(w.mlp);
  add(w.router);
  add(w.shared_gate);
  for (auto& expert : w.experts) add_mlp(expert);
  return found;
}

template <class Layer, class Projection>
std::vector<Projection*> projections_of(Layer& w) {
  std::vector<Projection*> found = places_of<Layer, Projection>(w);
  std::erase_if(found, [](const Projection* linear) { return linear->weight.data == nullptr; });
  return found;
}

}  // namespace

void read_row(const Matrix& matrix, int row, float* out) {
  const std::size_t n = static_cast<std::size_t>(matrix.cols), start = static_cast<std::size_t>(row) * n;
  if (is_packed(matrix.storage))
    unpack_row(matrix.storage, static_cast<const std::byte*>(matrix.data), row, matrix.cols, out);
  else if (matrix.storage == Storage::f32)
    std::copy_n(static_cast<const float*>(matrix.data) + start, n, out);
  else
    std::transform(static_cast<const std::uint16_t*>(matrix.data) + start,
                   static_cast<const std::uint16_t*>(matrix.data) + start + n, out, engine::bf16_to_f32);
}

std::vector<const Linear*> linears_of(const LayerWeights& layer) {
  return projections_of<const LayerWeights, const Linear>(layer);
}

std::vector<Linear*> linears_of(LayerWeights& layer) { return projections_of<LayerWeights, Linear>(layer); }

std::vector<const Matrix*> matrices_of(const Weights& weights) {
  std::vector<const Matrix*> found{&weights.embedding, &weights.lm_head};
  for (const LayerWeights& layer : weights.layers)
    for (const Linear* linear : places_of<const LayerWeights, const Linear>(layer))
      found.push_back(&linear->weight);
  return found;
}

}  // namespace kelvin
