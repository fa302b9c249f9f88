#include "engine/forward/quantized_activations.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "engine/kernels/kernels.h"
#include "tests/engine/quantized_support.h"
#include "tests/engine/random_values.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::kernels;

TEST_CASE("activations quantised block by block are those quantised at once") {
  test::RandomValues random(5);
  const auto quantise = best_kernels().quantized->quantize_activations;
  for (const ActivationFormat format : test::activation_formats())
    for (const int cols : {64, 256, 600, 2048}) {
      constexpr int tokens = 3;
      const int blocks = (cols + block_width - 1) / block_width;
      const std::vector<float> x = random.values(static_cast<std::size_t>(tokens * cols));
      ActivationBuffer whole_memory, parts_memory;
      whole_memory.reserve(tokens, cols);
      parts_memory.reserve(tokens, cols);
      const QuantizedActivations whole = whole_memory.view(tokens, cols, format);
      const QuantizedActivations parts = parts_memory.view(tokens, cols, format);
      for (int token = 0; token < tokens; ++token) {
        quantise(x.data() + token * cols, whole, token);
        for (int b = blocks - 1; b >= 0; --b)
          quantise(x.data() + token * cols + b * block_width, block_of(parts, b), token);
      }
      const auto same = [](const auto* a, const auto* b, int n) { return std::equal(a, a + n, b); };
      const int scales = blocks * (block_width / format.group) * tokens;
      CHECK(same(whole.codes, parts.codes, blocks * tokens * format.planes * block_width));
      CHECK(same(whole.scales, parts.scales, scales));
      CHECK(same(whole.offsets, parts.offsets, scales * format.planes));
      if (format.group == block_width)
        CHECK(same(whole.sub_offsets, parts.sub_offsets, blocks * tokens * subs_per_block));
    }
}
