#include "tools/lab/noise/perturbed_weights.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "engine/weights/weights.h"
#include "loaders/model/model_folder.h"
#include "tests/support.h"

namespace kelvin {
namespace {

std::vector<float> elements(const Matrix& matrix) {
  std::vector<float> values(static_cast<std::size_t>(matrix.rows) * static_cast<std::size_t>(matrix.cols));
  for (int row = 0; row < matrix.rows; ++row)
    read_row(matrix, row, &values[static_cast<std::size_t>(row * matrix.cols)]);
  return values;
}

TEST_CASE("every weight moves by one unit in its last place, as often up as down, the same for a seed") {
  LoadOptions options;
  options.storage = Storage::f32;
  const auto load = [&] { return load_model(test::source_dir() / "tools" / "ember", options); };
  const LoadedModel plain = load();
  const auto before = elements(plain.weights.layers[2].mlp.gate.weight);
  const auto moved = [&](LastBit unit, std::uint64_t seed) {
    LoadedModel model = load();
    perturb_weights(model.weights, unit, seed);
    return elements(model.weights.layers[2].mlp.gate.weight);
  };
  for (const LastBit unit : {LastBit::f32, LastBit::bf16}) {
    const auto after = moved(unit, 5);
    std::size_t up = 0, other = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] == 0) {
        CHECK(after[i] == 0);
        continue;
      }
      const float size = std::fabs(before[i]);
      const float unit_of =
          (std::nextafter(size, 2 * size) - size) * (unit == LastBit::f32 ? 1.0f : 65536.0f);
      // Below a power of two the unit is half as large.
      const float step = std::fabs(std::fabs(after[i]) - size);
      other += step != unit_of && step != unit_of / 2 ? 1 : 0;
      up += std::fabs(after[i]) > size ? 1 : 0;
    }
    CHECK(other == 0);
    const double share = static_cast<double>(up) / static_cast<double>(before.size());
    CHECK(share > 0.49);
    CHECK(share < 0.51);
    CHECK(moved(unit, 5) == after);
    CHECK(moved(unit, 6) != after);
  }
}

TEST_CASE("weights that are bfloat16 are recognised, and one that is none is found") {
  LoadOptions options;
  options.storage = Storage::f32;
  LoadedModel model = load_model(test::source_dir() / "tools" / "ember", options);
  CHECK(are_bf16(model.weights));
  perturb_weights(model.weights, LastBit::bf16, 1);
  CHECK(are_bf16(model.weights));
  auto* last = static_cast<float*>(
      const_cast<void*>(static_cast<const void*>(model.weights.layers.back().mlp.down.weight.data)));
  last[7] = std::nextafter(last[7], 2.0f);
  CHECK_FALSE(are_bf16(model.weights));
}

TEST_CASE("only float32 matrices can be perturbed") {
  LoadOptions options;
  options.storage = Storage::bf16;
  LoadedModel model = load_model(test::source_dir() / "tools" / "ember", options);
  CHECK_THROWS_AS(perturb_weights(model.weights, LastBit::f32, 0), std::invalid_argument);
}

}  // namespace
}  // namespace kelvin
