#include "tools/options/kept_as.h"

#include <doctest/doctest.h>

#include "engine/weights/weights.h"

using namespace kelvin;

TEST_CASE("a quantised file's own numbers are it is; matrices kept otherwise are counted, routers are not") {
  const float number = 0;
  const auto matrix = [&](Storage storage) { return Matrix{storage, 1, 1, &number}; };
  Weights weights;
  weights.layers.resize(2);
  weights.lm_head = matrix(Storage::bf16);
  for (LayerWeights& layer : weights.layers) {
    layer.q.weight = layer.o.weight = matrix(Storage::bf16);
    layer.router.weight = matrix(Storage::f32);
  }
  CHECK(kept_as(weights) == "bf16");
  weights.layers[1].q.weight = matrix(Storage::f32);  // which an adapter changes
  CHECK(kept_as(weights) == "bf16 but for 1 of 4 matrices (f32)");
  for (LayerWeights& layer : weights.layers) layer.q.weight = layer.o.weight = matrix(Storage::int4_zero);
  CHECK(kept_as(weights) == "it is");
  weights.layers[1].o.weight = matrix(Storage::f32);
  CHECK(kept_as(weights) == "it is but for 1 of 4 matrices (f32)");
  weights.layers[0].q.weight = matrix(Storage::bf16);
  CHECK(kept_as(weights) == "it is but for 2 of 4 matrices (f32, bf16)");
}
