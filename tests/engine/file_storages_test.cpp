// Models whose matrices are kept as quantised files have them: the same bits in every way to compute them.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "loaders/model/model_folder.h"
#include "tests/engine/quantized_support.h"
#include "tests/engine/same_bits.h"
#include "tests/support.h"

using namespace kelvin;
using test::Way;

namespace {

// The demo model's shape; layers with random codes, embedding and head too.
std::unique_ptr<Model> random_model(Storage storage, const Kernels& kernels, int threads) {
  LoadedModel loaded = load_model(test::source_dir() / "tools" / "ember");
  test::RandomValues random(static_cast<unsigned>(storage));
  const auto fill = [&](Matrix& matrix) {
    AlignedBuffer& buffer =
        loaded.weights.buffers.emplace_back(packed_bytes(storage, matrix.rows, matrix.cols));
    test::fill_packed(storage, matrix.rows, matrix.cols, random, buffer.data(), 0.004f);
    matrix = {storage, matrix.rows, matrix.cols, buffer.data()};
  };
  for (LayerWeights& layer : loaded.weights.layers)
    for (Linear* linear : linears_of(layer)) fill(linear->weight);
  fill(loaded.weights.embedding);
  loaded.weights.lm_head = loaded.weights.embedding;
  return std::make_unique<Model>(loaded.config, std::move(loaded.weights), ModelOptions{threads, &kernels});
}

std::map<std::string, std::string> expected_hashes() {
  std::map<std::string, std::string> hashes;
  std::istringstream lines(test::read_text(test::data_dir() / "logits_hashes.txt"));
  for (std::string model, stored, hash; lines >> model >> stored >> hash;)
    if (model == "random") hashes[stored] = hash;
  return hashes;
}

}  // namespace

TEST_CASE("numbers of quantised files give the expected bits in every way to compute them") {
  const std::map<std::string, std::string> expected = expected_hashes();
  std::vector<int> ids;
  for (int i = 0; i < 52; ++i) ids.push_back(1 + i * 37 % 2000);
  std::size_t place = 0;
  for (const Storage storage : test::file_storages()) {
    const std::string name = name_of(storage);
    CAPTURE(name);
    REQUIRE(expected.contains(name));
    for (const Kernels* table : test::tables_for({storage, storage})) {
      CAPTURE(table->name);
      const bool scalar = table == &kernels::scalar_kernels;
      const struct {
        int threads;
        Way way;
      } grid[] = {{3, {}}, {2, {.chunk = 7, .company = 4}}, {1, {.pieces = {1, 49, 1}}}};
      for (const auto& [threads, way] : grid) {
        // Plain loops are slow; quantized_kernels_test.cpp compares all of them.
        if (scalar && (!way.pieces.empty() || storage != Storage::q4_k)) continue;
        if (test::left_out_today(place++, 6)) continue;
        const auto model = random_model(storage, *table, threads);
        CHECK(test::hash_of_logits(*model, ids, way) == expected.at(name));
      }
    }
  }
}
