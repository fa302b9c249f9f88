#include "engine/model_shapes.h"

#include <stdexcept>
#include <string>

namespace kelvin {
namespace {

void expect(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("model: " + what);
}

void check_matrix(const Matrix& matrix, const std::string& name, int rows, int cols) {
  expect(matrix.data != nullptr && matrix.rows == rows && matrix.cols == cols,
         name + ": " + std::to_string(rows) + " x " + std::to_string(cols) + " expected, " +
             std::to_string(matrix.rows) + " x " + std::to_string(matrix.cols) + " found");
}

void check_vector(std::span<const float> vector, const std::string& name, int size) {
  expect(vector.size() == static_cast<std::size_t>(size),
         name + ": " + std::to_string(size) + " expected, " + std::to_string(vector.size()) + " found");
}

void check_linear(const Linear& linear, const std::string& name, int rows, int cols) {
  check_matrix(linear.weight, name, rows, cols);
  if (!linear.bias.empty()) check_vector(linear.bias, name + " bias", rows);
}

}  // namespace

void check_shapes(const ModelConfig& c, const Weights& weights) {
  expect(c.vocab_size > 0 && c.hidden_size > 0 && c.n_layers > 0 && c.n_heads > 0 && c.n_kv_heads > 0 &&
             c.head_dim > 0 && c.intermediate_size > 0,
         "sizes must be positive");
  expect(c.n_heads % c.n_kv_heads == 0, "n_kv_heads must divide n_heads");
  expect(c.n_heads <= (1 << 24) / c.head_dim, "n_heads x head_dim is too large");
  expect(
      weights.layers.size() == static_cast<std::size_t>(c.n_layers),
      std::to_string(c.n_layers) + " layers expected, " + std::to_string(weights.layers.size()) + " found");
  const int heads = c.n_heads * c.head_dim, kv_heads = c.n_kv_heads * c.head_dim;
  check_matrix(weights.embedding, "embedding", c.vocab_size, c.hidden_size);
  check_matrix(weights.head, "head", c.vocab_size, c.hidden_size);
  check_vector(weights.final_norm, "final norm", c.hidden_size);
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    const LayerWeights& layer = weights.layers[i];
    const std::string at = "layer " + std::to_string(i) + ' ';
    check_vector(layer.attention_norm, at + "attention norm", c.hidden_size);
    check_linear(layer.q, at + "q", heads, c.hidden_size);
    check_linear(layer.k, at + "k", kv_heads, c.hidden_size);
    check_linear(layer.v, at + "v", kv_heads, c.hidden_size);
    check_linear(layer.o, at + "o", c.hidden_size, heads);
    check_vector(layer.mlp_norm, at + "mlp norm", c.hidden_size);
    check_linear(layer.gate, at + "gate", c.intermediate_size, c.hidden_size);
    check_linear(layer.up, at + "up", c.intermediate_size, c.hidden_size);
    check_linear(layer.down, at + "down", c.hidden_size, c.intermediate_size);
  }
}

}  // namespace kelvin
