// One hash for every instruction set, number of threads, chunk, batch and way to cut the text: a part of the
// grid that same_bits_slow_test.cpp runs in full.
#include "tests/engine/same_bits.h"

#include <doctest/doctest.h>

#include "engine/kernels/kernels.h"

using namespace kelvin;
using test::Way;

TEST_CASE("logits have the expected bits in every way to compute them") {
  for (const Storage storage : {Storage::f32, Storage::bf16}) {
    const std::string expected = test::expected_hash(storage == Storage::f32 ? "f32" : "bf16");
    for (const Kernels* table : supported_kernels()) {
      CAPTURE(table->name);
      if (table == &scalar_kernels) {
        // Some hundred times slower than the others.
        const bool first = storage == Storage::f32;
        const auto model = test::demo_model(storage, *table, first ? 2 : 3);
        CHECK(test::hash_of_logits(*model, first ? Way{.chunk = 64} : Way{.chunk = 7}) == expected);
        continue;
      }
      for (const int threads : {1, 2, 3}) {
        CAPTURE(threads);
        const auto model = test::demo_model(storage, *table, threads);
        CHECK(&model->kernels() == table);
        CHECK(test::hash_of_logits(*model, {}) == expected);
        CHECK(test::hash_of_logits(*model, {.chunk = 7, .in_company = true}) == expected);
        CHECK(test::hash_of_logits(*model, {.chunk = 64, .pieces = {1, 255, 1, 1, 30}}) == expected);
      }
      const auto model = test::demo_model(storage, *table, 4);
      CHECK(test::hash_of_logits(*model, {.chunk = 1}) == expected);
    }
  }
}
