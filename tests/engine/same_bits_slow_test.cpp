// The full grid: tables x threads x chunks x alone or in a batch of 5 or 32, for each storage; a sample each day.
#include <doctest/doctest.h>

#include "tests/engine/same_bits.h"
#include "tests/support.h"

using namespace kelvin;

TEST_CASE("the full grid gives one hash") {
  std::size_t place = 0;
  for (const WeightKind& weights : weight_kinds()) {
    const std::string expected = test::expected_hash(weights);
    for (const Kernels* table : test::tables_for(weights))
      for (const int threads : {1, 2, 3, 4}) {
        std::unique_ptr<Model> model;
        for (const int chunk : {1, 7, 64, 0})
          for (const int company : {0, 4, 31}) {
            if (company == 31 && chunk < 64) continue;
            if (!test::in_sample_of_today(place++, 29)) continue;
            CAPTURE(weights.name());
            CAPTURE(table->name);
            CAPTURE(threads);
            CAPTURE(chunk);
            CAPTURE(company);
            if (!model) model = test::demo_model(weights, *table, threads);
            CHECK(test::hash_of_logits(*model, {.chunk = chunk, .company = company}) == expected);
          }
      }
  }
}
