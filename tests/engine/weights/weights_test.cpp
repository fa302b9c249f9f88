#include "engine/weights/weights.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "engine/kernels/quantized.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/quantize.h"
#include "engine/weights/half.h"
#include "engine/weights/packed.h"
#include "tests/engine/random_values.h"

using namespace kelvin;
using namespace kelvin::engine;

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

TEST_CASE("a row of any storage is that row of the matrix") {
  constexpr int rows = 35, cols = 300;
  const std::vector<std::uint16_t> halves = test::RandomValues(5).bf16_values(rows * cols, 0.5f);
  const Matrix exact{Storage::bf16, rows, cols, halves.data()};
  for (const Storage storage : storages) {
    CAPTURE(name_of(storage));
    std::vector<float> wide;
    std::vector<std::byte> packed;
    Matrix matrix = exact;
    if (storage == Storage::f32) {
      for (const std::uint16_t half : halves) wide.push_back(bf16_to_f32(half));
      matrix = {storage, rows, cols, wide.data()};
    } else if (is_packed(storage)) {
      packed.resize(packed_bytes(storage, rows, cols));
      ThreadTeam alone(1);
      quantize(storage, exact, kernels::scalar_quantized, alone, packed.data());
      matrix = {storage, rows, cols, packed.data()};
    }
    const float max = storage == Storage::q4 ? 0.12f : storage == Storage::q8 ? 0.004f : 0.0f;
    for (const int row : {0, 15, 16, 34}) {
      std::vector<float> read(cols);
      read_row(matrix, row, read.data());
      float error = 0.0f;
      for (int col = 0; col < cols; ++col) {
        const float expected = bf16_to_f32(halves[static_cast<std::size_t>(row * cols + col)]);
        error = std::fmax(error, std::fabs(read[static_cast<std::size_t>(col)] - expected));
      }
      CHECK(error <= max);
    }
  }
}
