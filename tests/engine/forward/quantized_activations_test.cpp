#include "engine/forward/quantized_activations.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "engine/kernels/kernels.h"
#include "tests/engine/random_values.h"

using namespace kelvin;

TEST_CASE("activations quantised group by group are those quantised at once") {
  test::RandomValues random(5);
  const auto quantise = best_kernels().quantized->quantize_activations;
  for (const ActivationFormat format : {activations_of_q4, activations_of_q8, short_activations_of_q8})
    for (const int cols : {64, 256, 600, 2048}) {
      constexpr int tokens = 3;
      const int groups = (cols + group_width - 1) / group_width;
      const std::vector<float> x = random.values(static_cast<std::size_t>(tokens * cols));
      ActivationBuffer whole_memory, parts_memory;
      whole_memory.reserve(tokens, cols);
      parts_memory.reserve(tokens, cols);
      const QuantizedActivations whole = whole_memory.view(tokens, cols, format);
      const QuantizedActivations parts = parts_memory.view(tokens, cols, format);
      for (int token = 0; token < tokens; ++token) {
        quantise(x.data() + token * cols, whole, token);
        for (int g = groups - 1; g >= 0; --g)
          quantise(x.data() + token * cols + g * group_width, group_of(parts, g), token);
      }
      const auto same = [](const auto* a, const auto* b, int n) { return std::equal(a, a + n, b); };
      const int scales = groups * (group_width / format.span) * tokens;
      CHECK(same(whole.codes, parts.codes, groups * tokens * format.planes * group_width));
      CHECK(same(whole.scales, parts.scales, scales));
      CHECK(same(whole.offsets, parts.offsets, scales * format.planes));
      if (format.span == group_width)
        CHECK(same(whole.sub_offsets, parts.sub_offsets, groups * tokens * groups_of_subs));
    }
}
