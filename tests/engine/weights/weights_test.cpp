#include "engine/weights/weights.h"

#include <doctest/doctest.h>

using namespace kelvin;

TEST_CASE("the projections of a layer are those it has, experts included") {
  const float number = 1.0f;
  const auto linear = [&](int rows) { return Linear{{Storage::f32, rows, 1, &number}, {}}; };
  LayerWeights layer;
  layer.q = linear(1);
  layer.mlp.up = linear(2);
  layer.router = linear(3);
  layer.experts.resize(2);
  layer.experts[1].down = linear(4);
  int rows = 0;
  for (const Linear* found : linears_of(std::as_const(layer))) rows = 10 * rows + found->weight.rows;
  CHECK(rows == 1234);
  for (Linear* found : linears_of(layer)) found->weight.rows = 7;
  CHECK(layer.experts[1].down.weight.rows == 7);
}
