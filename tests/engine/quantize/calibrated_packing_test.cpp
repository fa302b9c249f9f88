#include "engine/quantize/calibrated_packing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "engine/weights/config.h"
#include "engine/weights/packed.h"
#include "engine/weights/weights.h"
#include "tests/engine/random_values.h"
#include "tests/engine/small_model.h"

using namespace kelvin;

namespace {

std::vector<std::vector<int>> some_texts() {
  std::vector<std::vector<int>> texts;
  test::RandomValues random(5);
  for (const int length : {1, 70, 300, 12}) {
    texts.emplace_back();
    for (int i = 0; i < length; ++i) texts.back().push_back(random.below(37));
  }
  return texts;
}

bool same(const std::vector<AlignedBuffer>& a, const std::vector<AlignedBuffer>& b) {
  return std::ranges::equal(a, b, [](const AlignedBuffer& x, const AlignedBuffer& y) {
    return x.size() == y.size() && (x.size() == 0 || std::memcmp(x.data(), y.data(), x.size()) == 0);
  });
}

}  // namespace

TEST_CASE("every matrix that is multiplied is packed as asked for, in one reading or in many") {
  const auto model = test::small_model();
  const std::vector<std::vector<int>> texts = some_texts();
  const WeightKind kind(Storage::q4, Storage::q8);
  CalibrationOptions options;
  int readings = 0;
  double weights = 0.0;
  options.reading = [&](double done, double total) {
    CHECK(total == 383.0);
    readings += done == total;
  };
  options.packing = [&](double done, double total) {
    if (done == total) weights += total;
  };
  const std::vector<AlignedBuffer> once = pack_calibrated(*model, kind, texts, options);
  CHECK(readings == 1);
  const std::vector<const Matrix*> places = matrices_of(model->weights());
  REQUIRE(once.size() == places.size());
  double expected = 0.0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Matrix& matrix = *places[i];
    const bool head = &matrix == &model->weights().lm_head, read = &matrix == &model->weights().embedding;
    const std::size_t bytes =
        read || !matrix.data ? 0 : matrix_bytes(head ? Storage::q8 : Storage::q4, matrix.rows, matrix.cols);
    CHECK(once[i].size() == bytes);
    if (bytes > 0) expected += matrix.rows * matrix.cols;
  }
  CHECK(weights == expected);
  options.moment_bytes = 0;
  readings = 0;
  CHECK(same(pack_calibrated(*model, kind, texts, options), once));
  CHECK(readings == 9);  // four inputs in each of two layers, and the head's
}

TEST_CASE("the text decides, the number of threads does not") {
  const std::vector<std::vector<int>> texts = some_texts();
  const auto pack = [&](int threads, std::span<const std::vector<int>> read) {
    const auto model = test::small_model(test::small_config(), {.threads = threads});
    return pack_calibrated(*model, Storage::q4, read);
  };
  const std::vector<AlignedBuffer> expected = pack(1, texts);
  CHECK(same(pack(3, texts), expected));
  CHECK_FALSE(same(pack(1, std::span(texts).first(2)), expected));
}

TEST_CASE("a head that is the embedding is packed in its place; routers are left alone") {
  ModelConfig config = test::small_config();
  config.experts = {.count = 3, .per_token = 1, .intermediate_size = 35};
  for (LayerSpec& layer : config.layers) layer.experts = true;
  Weights weights = test::small_weights(config, Storage::bf16, false);
  weights.lm_head = weights.embedding;
  const Matrix router = {Storage::bf16, 3, config.hidden_size, weights.embedding.data};
  AlignedBuffer& copy = weights.buffers.emplace_back(router.bytes());
  std::memcpy(copy.data(), router.data, router.bytes());
  for (LayerWeights& layer : weights.layers) {
    layer.router.weight = {Storage::bf16, 3, config.hidden_size, copy.data()};
    layer.experts.assign(3, layer.mlp);
    layer.mlp = {};
  }
  Model model(config, std::move(weights), {.threads = 2});
  const std::vector<AlignedBuffer> packed = pack_calibrated(model, Storage::q4, some_texts());
  const std::vector<const Matrix*> places = matrices_of(model.weights());
  REQUIRE(packed.size() == places.size());
  CHECK(packed[0].size() == matrix_bytes(Storage::q4, config.vocab_size, config.hidden_size));
  CHECK(packed[1].size() == 0);
  for (std::size_t i = 0; i < places.size(); ++i)
    for (const LayerWeights& layer : model.weights().layers) {
      if (places[i] == &layer.router.weight) CHECK(packed[i].size() == 0);
      if (places[i] == &layer.q.weight) CHECK(packed[i].size() > 0);
    }
}

TEST_CASE("what a callback throws passes through") {
  const auto model = test::small_model();
  const std::vector<std::vector<int>> texts = some_texts();
  const auto interrupt = [](double, double) { throw std::runtime_error("interrupted"); };
  CalibrationOptions options;
  options.reading = interrupt;
  CHECK_THROWS_WITH(pack_calibrated(*model, Storage::q4, texts, options), "interrupted");
  options = {};
  options.packing = interrupt;
  CHECK_THROWS_WITH(pack_calibrated(*model, Storage::q4, texts, options), "interrupted");
}
