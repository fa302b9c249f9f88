// Parts of a layer that no golden model has, against parts that one has.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/engine/small_model.h"

using namespace kelvin;

namespace {

std::vector<float> logits_of(const ModelConfig& config, Weights weights) {
  Model model(config, std::move(weights), {.threads = 2});
  const int ids[] = {3, 14, 15, 9, 26, 5, 35};
  Sequence sequence(model, 7);
  const Feed feed{&sequence, ids, Want::last};
  std::vector<float> logits;
  model.forward({&feed, 1}, [&](int, int, std::span<const float> z) { logits.assign(z.begin(), z.end()); });
  return logits;
}

// As many numbers as asked for, `period` of them over and over.
std::span<const float> repeated(Weights& weights, int count, int period) {
  AlignedBuffer& buffer = weights.buffers.emplace_back(static_cast<std::size_t>(count) * sizeof(float));
  for (int i = 0; i < count; ++i) buffer.floats()[i] = 0.5f + 0.25f * static_cast<float>(i % period);
  return {buffer.floats(), static_cast<std::size_t>(count)};
}

std::vector<float> with_head_norm(HeadNorm kind, int weights_per_head, int period) {
  ModelConfig config = test::small_config();
  config.norm = NormKind::layer;
  config.head_norm = kind;
  Weights weights = test::small_weights(config, Storage::f32, false);
  for (LayerWeights& layer : weights.layers) {
    const int q = weights_per_head ? weights_per_head : config.n_heads * config.head_dim;
    const int k = weights_per_head ? weights_per_head : config.n_kv_heads * config.head_dim;
    layer.q_norm.weight = repeated(weights, q, period);
    layer.k_norm.weight = repeated(weights, k, period);
  }
  return logits_of(config, std::move(weights));
}

}  // namespace

TEST_CASE("heads with norms of their own: equal ones are a common one, others are not") {
  const std::vector<float> common = with_head_norm(HeadNorm::per_head, 6, 6);
  CHECK(with_head_norm(HeadNorm::own, 0, 6) == common);
  CHECK(with_head_norm(HeadNorm::own, 0, 5) != common);
  CHECK(with_head_norm(HeadNorm::all_heads, 0, 6) != common);
}

TEST_CASE("in a parallel layer the MLP reads what attention reads") {
  ModelConfig config = test::small_config();
  const auto without_attention = [&](Weights weights) {
    AlignedBuffer& zeros = weights.buffers.emplace_back(std::size_t{1} << 14);
    for (LayerWeights& layer : weights.layers) {
      layer.o.weight.data = zeros.data();
      layer.o.bias = {};
    }
    return weights;
  };
  // Where attention adds nothing and both norms are one, the order does not matter.
  const auto one_norm = [&](Weights weights, bool parallel) {
    for (LayerWeights& layer : weights.layers) layer.mlp_norm = parallel ? Norm{} : layer.attention_norm;
    return weights;
  };
  const auto model = [&] { return test::small_weights(config, Storage::f32, true); };
  const std::vector<float> serial = logits_of(config, one_norm(without_attention(model()), false));
  const std::vector<float> serial_attention = logits_of(config, one_norm(model(), false));
  config.parallel = true;
  CHECK(logits_of(config, one_norm(without_attention(model()), true)) == serial);
  CHECK(logits_of(config, one_norm(model(), true)) != serial_attention);
}

TEST_CASE("multipliers and caps do what they say") {
  ModelConfig config = test::small_config();
  const auto run = [&] { return logits_of(config, test::small_weights(config, Storage::f32, true)); };
  const std::vector<float> plain = run();
  config.logit_multiplier = 0.5f;
  const std::vector<float> halved = run();
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK(halved[i] == 0.5f * plain[i]);
  config.logit_soft_cap = 2.0f;
  const std::vector<float> capped = run();
  for (std::size_t i = 0; i < plain.size(); ++i)
    CHECK(capped[i] == doctest::Approx(2.0 * std::tanh(halved[i] / 2.0)).epsilon(1e-6));
  config = test::small_config();
  config.residual_multiplier = 0.25f;
  CHECK(run() != plain);
}
