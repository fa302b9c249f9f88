#include "engine/forward/mlp_sublayer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/quantize.h"
#include "engine/weights/packed.h"
#include "loaders/model/model_folder.h"
#include "tests/engine/same_bits.h"
#include "tests/support.h"

using namespace kelvin;

namespace {

// Some matrices of every MLP and expert in q8, others in float32, as folders and adapters may have them; none where
// `mixed` is not set.
std::unique_ptr<Model> mixed_model(const std::string& name, bool mixed, int threads) {
  LoadOptions options;
  options.storage = Storage::f32;
  LoadedModel loaded = load_model(test::data_dir() / "goldens" / "models" / name, options);
  ThreadTeam team(1);
  int place = 0;
  const auto pack = [&](Matrix& matrix) {
    if (!matrix.data || !mixed) return;
    AlignedBuffer& buffer =
        loaded.weights.buffers.emplace_back(packed_bytes(Storage::q8, matrix.rows, matrix.cols));
    quantize(Storage::q8, matrix, *kernels::scalar_kernels.quantized, team, buffer.data());
    matrix = {Storage::q8, matrix.rows, matrix.cols, buffer.data()};
  };
  const auto pack_some = [&](Mlp& mlp) {
    const int kind = place++ % 4;
    if (kind == 1 || kind == 3) pack(mlp.gate.weight);
    if (kind == 2 || kind == 3) pack(mlp.up.weight);
    if (kind == 1 || kind == 2) pack(mlp.down.weight);
  };
  for (LayerWeights& layer : loaded.weights.layers) {
    for (Mlp& expert : layer.experts) pack_some(expert);
    ++place;
    pack_some(layer.mlp);
  }
  return std::make_unique<Model>(loaded.config, std::move(loaded.weights), ModelOptions{.threads = threads});
}

std::vector<float> last_logits(Model& model, const std::vector<int>& ids) {
  Sequence sequence(model, static_cast<int>(ids.size()));
  std::vector<float> last;
  const Feed feed{&sequence, ids, Want::last};
  model.forward({&feed, 1}, [&](int, int, std::span<const float> z) { last.assign(z.begin(), z.end()); });
  return last;
}

}  // namespace

TEST_CASE("matrices of an MLP and of experts may be stored differently") {
  std::vector<int> ids;
  for (int i = 0; i < 23; ++i) ids.push_back(1 + i * 37 % 90);
  for (const char* name : {"llama-gqa-llama3-bf16", "deepseek3-defaults-bf16"}) {
    CAPTURE(std::string(name));
    const auto one = mixed_model(name, true, 1), three = mixed_model(name, true, 3),
               exact = mixed_model(name, false, 1);
    const std::vector<float> found = last_logits(*one, ids), expected = last_logits(*exact, ids);
    double error = 0, size = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      error += std::pow(found[i] - expected[i], 2);
      size += std::pow(expected[i], 2);
    }
    CHECK(error > 0);
    CHECK(std::sqrt(error / size) < 0.03);  // of q8 and its activations
    const std::string hash = test::hash_of_logits(*one, ids, {});
    CHECK(test::hash_of_logits(*three, ids, {}) == hash);
    CHECK(test::hash_of_logits(*three, ids, {.pieces = {1, 22}}) == hash);
  }
}
