// The full grid: tables x threads x chunks x alone or in a batch of five, for each storage.
#include <doctest/doctest.h>

#include "engine/kernels/kernels.h"
#include "tests/engine/same_bits.h"

using namespace kelvin;

TEST_CASE("the full grid gives one hash") {
  for (const Storage storage : {Storage::f32, Storage::bf16}) {
    const std::string expected = test::expected_hash(storage == Storage::f32 ? "f32" : "bf16");
    for (const Kernels* table : supported_kernels())
      for (const int threads : {1, 2, 3, 4}) {
        const auto model = test::demo_model(storage, *table, threads);
        for (const int chunk : {1, 7, 64, 0})
          for (const bool in_company : {false, true}) {
            CAPTURE(table->name);
            CAPTURE(threads);
            CAPTURE(chunk);
            CAPTURE(in_company);
            CHECK(test::hash_of_logits(*model, {.chunk = chunk, .in_company = in_company}) == expected);
          }
      }
  }
}
