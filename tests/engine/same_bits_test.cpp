// One hash per storage for every instruction set, number of threads, chunk, batch and way to cut the text: a
// part of the grid that same_bits_slow_test.cpp runs in full.
#include "tests/engine/same_bits.h"

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::kernels;
using test::Way;

TEST_CASE("logits have the expected bits in every way to compute them") {
  std::size_t place = 0;
  for (const WeightKind& weights : weight_kinds()) {
    CAPTURE(weights.name());
    const std::string expected = test::expected_hash(weights);
    for (const Kernels* table : test::tables_for(weights)) {
      CAPTURE(table->name);
      if (table == &scalar_kernels) {
        // Some hundred times slower than the others.
        if (test::left_out_today(place++, 12)) continue;
        const bool first = weights.layers == Storage::f32;
        const auto model = test::demo_model(weights, *table, first ? 2 : 3);
        CHECK(test::hash_of_logits(*model, first ? Way{.chunk = 64} : Way{.chunk = 7}) == expected);
        continue;
      }
      const struct {
        int threads;
        Way way;
      } grid[] = {{4, {}},
                  {2, {.chunk = 7, .company = 4}},
                  {3, {.chunk = 64, .pieces = {1, 255, 1, 1, 30}}},
                  {1, {.chunk = 1}},
                  {2, {.pieces = {1, 1}, .company = 31}}};
      for (const auto& [threads_here, way] : grid) {
        if (test::left_out_today(place++, 12)) continue;
        const int threads = threads_here;
        CAPTURE(threads);
        const auto model = test::demo_model(weights, *table, threads);
        CHECK(&model->kernels() == table);
        CHECK(test::hash_of_logits(*model, way) == expected);
      }
    }
  }
}
