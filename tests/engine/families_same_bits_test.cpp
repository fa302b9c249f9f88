// One hash per family and way to store weights, for every instruction set, number of threads, chunk and
// company.
#include <doctest/doctest.h>

#include "engine/kernels/kernels.h"
#include "loaders/json/json_file.h"
#include "loaders/model/model_folder.h"
#include "tests/engine/same_bits.h"
#include "tests/golden_models.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::kernels;
using test::Way;

namespace {

std::unique_ptr<Model> load(const test::GoldenModel& golden, Storage storage, const Kernels& table,
                            int threads) {
  LoadOptions options;
  options.storage = storage;
  LoadedModel loaded = load_model(golden.folder(), options);
  return std::make_unique<Model>(loaded.config, std::move(loaded.weights), ModelOptions{threads, &table});
}

// Between 60 and 80 tokens.
std::vector<int> text_of(const test::GoldenModel& golden) {
  std::vector<int> ids;
  const JsonDocument manifest = load_json(golden.results() / "manifest.json");
  for (const JsonValue id : manifest.root().at("sequences").at("mid").at("ids").items())
    ids.push_back(static_cast<int>(id.as_int()));
  return ids;
}

}  // namespace

TEST_CASE("every family has the same bits in every way to compute them") {
  std::size_t place = 0;
  for (const std::string& name : test::golden_model_names()) {
    if (name.ends_with("-newcfg") || test::left_out_today(place++, 4)) continue;
    CAPTURE(name);
    const test::GoldenModel golden(name);
    const std::vector<int> ids = text_of(golden);
    std::string exact;
    for (const Storage storage : {Storage::f32, Storage::q8, Storage::q4}) {
      CAPTURE(name_of(storage));
      const std::string expected = test::hash_of_logits(*load(golden, storage, scalar_kernels, 1), ids, {});
      CHECK(expected != exact);
      if (storage == Storage::f32) exact = expected;
      for (const Kernels* table : test::tables_for(storage)) {
        CAPTURE(table->name);
        const auto model = load(golden, storage, *table, 3);
        CHECK(test::hash_of_logits(*model, ids, {.chunk = 7, .company = 3}) == expected);
        if (table == &scalar_kernels) continue;
        CHECK(test::hash_of_logits(*model, ids, {.pieces = {1, 30, 1, 1}}) == expected);
        CHECK(test::hash_of_logits(*load(golden, storage, *table, 1), ids, {.chunk = 16}) == expected);
      }
    }
  }
}
