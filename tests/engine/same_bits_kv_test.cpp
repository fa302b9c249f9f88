// One hash for each way to store keys and values, on every instruction set, number of threads, chunk and
// batch.
#include <doctest/doctest.h>

#include "engine/kernels/kernels.h"
#include "engine/weights/config.h"
#include "engine/weights/storage.h"
#include "tests/engine/same_bits.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::kernels;
using test::Way;

TEST_CASE("each KV storage has its own bits, in every way to compute them") {
  const struct {
    Storage weights;
    KvStorage kv;
  } kinds[] = {{Storage::bf16, KvStorage::f16}, {Storage::bf16, KvStorage::q8}, {Storage::q4, KvStorage::q8}};
  std::size_t place = 0;
  for (const auto& kind : kinds) {
    const Storage weights = kind.weights;
    const KvStorage kv = kind.kv;
    CAPTURE(name_of(weights));
    CAPTURE(name_of(kv));
    const std::string expected = test::expected_hash(weights, kv);
    CHECK(expected != test::expected_hash(weights));
    for (const Kernels* table : test::tables_for(weights)) {
      CAPTURE(table->name);
      // A hundred times slower: once for each kind of cache.
      if (table == &scalar_kernels && weights == Storage::bf16 && kv == KvStorage::q8) continue;
      const struct {
        int threads;
        Way way;
      } grid[] = {{2, {.chunk = 7}},
                  {3, {.chunk = 64, .pieces = {1, 255, 1, 1, 30}, .company = 4}},
                  {1, {.chunk = 1}}};
      for (const auto& [threads_here, way] : grid) {
        if (test::left_out_today(place++, 12)) continue;
        const int threads = threads_here;
        CAPTURE(threads);
        const auto model = test::demo_model(weights, *table, threads, kv);
        CHECK(test::hash_of_logits(*model, way) == expected);
        if (table == &scalar_kernels) break;
      }
    }
  }
}
