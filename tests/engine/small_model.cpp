#include "tests/engine/small_model.h"

#include <algorithm>
#include <cstring>

#include "tests/engine/random_values.h"

namespace kelvin::test {
namespace {

class Maker {
 public:
  Maker(Weights& weights, Storage storage) : weights_(weights), storage_(storage) {}

  Matrix matrix(int rows, int cols) {
    const std::vector<std::uint16_t> values =
        random_.bf16_values(static_cast<std::size_t>(rows * cols), 0.4f);
    std::vector<float> widened(values.size());
    std::transform(values.begin(), values.end(), widened.begin(), engine::bf16_to_f32);
    const void* data = storage_ == Storage::bf16 ? keep(values) : keep(widened);
    return {storage_, rows, cols, data};
  }
  std::span<const float> vector(int n) {
    const std::vector<float> values = random_.values(static_cast<std::size_t>(n));
    return {static_cast<const float*>(keep(values)), values.size()};
  }

 private:
  template <class T>
  const void* keep(const std::vector<T>& values) {
    AlignedBuffer& buffer = weights_.buffers.emplace_back(values.size() * sizeof(T));
    std::memcpy(buffer.data(), values.data(), buffer.size());
    return buffer.data();
  }

  Weights& weights_;
  Storage storage_;
  RandomValues random_{99};
};

}  // namespace

ModelConfig small_config() {
  ModelConfig config;
  config.vocab_size = 37;
  config.hidden_size = 22;
  config.n_layers = 2;
  config.n_heads = 4;
  config.n_kv_heads = 2;
  config.head_dim = config.value_dim = 6;
  config.intermediate_size = 35;
  config.max_position = 512;
  config.ropes.resize(1);
  config.ropes[0].dims = 6;
  config.layers.resize(2);
  return config;
}

Weights small_weights(const ModelConfig& c, Storage storage, bool biases) {
  Weights weights;
  Maker make(weights, storage);
  const auto linear = [&](int rows, int cols) {
    Linear made{make.matrix(rows, cols), {}};
    if (biases) made.bias = make.vector(rows);
    return made;
  };
  weights.embedding = make.matrix(c.vocab_size, c.hidden_size);
  for (int i = 0; i < c.n_layers; ++i) {
    LayerWeights layer;
    layer.attention_norm.weight = make.vector(c.hidden_size);
    layer.q = linear(c.n_heads * c.head_dim, c.hidden_size);
    layer.k = linear(c.n_kv_heads * c.head_dim, c.hidden_size);
    layer.v = linear(c.n_kv_heads * c.head_dim, c.hidden_size);
    layer.o = linear(c.hidden_size, c.n_heads * c.head_dim);
    layer.mlp_norm.weight = make.vector(c.hidden_size);
    layer.mlp.gate = linear(c.intermediate_size, c.hidden_size);
    layer.mlp.up = linear(c.intermediate_size, c.hidden_size);
    layer.mlp.down = linear(c.hidden_size, c.intermediate_size);
    weights.layers.push_back(layer);
  }
  weights.final_norm.weight = make.vector(c.hidden_size);
  weights.lm_head = make.matrix(c.vocab_size, c.hidden_size);
  return weights;
}

}  // namespace kelvin::test
