#include "engine/weights/shape_check.h"

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

void check_norm(const Norm& norm, const std::string& name, bool present, int size) {
  check_vector(norm.weight, name, present ? size : 0);
  if (!norm.bias.empty()) check_vector(norm.bias, name + " bias", size);
}

void check_sizes(const ModelConfig& c) {
  expect(c.vocab_size > 0 && c.hidden_size > 0 && c.n_layers > 0 && c.n_heads > 0 && c.n_kv_heads > 0 &&
             c.head_dim > 0 && c.value_dim > 0 && c.intermediate_size > 0,
         "sizes must be positive");
  expect(c.n_heads % c.n_kv_heads == 0, "n_kv_heads must divide n_heads");
  expect(c.n_heads <= (1 << 24) / c.head_dim, "n_heads x head_dim is too large");
  expect(c.value_dim <= c.head_dim, "value_dim must not exceed head_dim");
  expect(c.layers.size() == static_cast<std::size_t>(c.n_layers), "one LayerSpec per layer expected");
  for (const LayerSpec& layer : c.layers) {
    expect(layer.rope >= -1 && layer.rope < static_cast<int>(c.ropes.size()),
           "a layer has a rope that does not exist");
    expect(layer.window >= 0, "windows must not be negative");
  }
  for (const RopeSpec& rope : c.ropes)
    expect(rope.dims > 0 && (rope.dims + 1) / 2 * 2 <= c.head_dim,
           "rotated dimensions must be within a head");
  const LatentSpec& latent = c.latent;
  expect(latent.key_value_rank >= 0 && latent.query_rank >= 0 && latent.unrotated_dims >= 0 &&
             latent.unrotated_dims < c.head_dim,
         "latent attention needs positive sizes");
}

void check_experts(const ExpertSpec& e) {
  expect(e.count > 0 && e.per_token > 0 && e.per_token <= e.count && e.intermediate_size > 0 &&
             e.shared_intermediate_size >= 0,
         "experts: positive sizes expected, at most all experts per token");
  expect(e.groups > 0 && e.count % e.groups == 0 && e.groups_kept > 0 && e.groups_kept <= e.groups &&
             e.per_token <= e.count / e.groups * e.groups_kept,
         "experts: groups must divide them and hold enough");
}

class LayerCheck {
 public:
  LayerCheck(const ModelConfig& config, const LayerSpec& spec, const LayerWeights& weights, std::string at)
      : c_(config), spec_(spec), w_(weights), at_(std::move(at)) {}

  void run() const {
    norms();
    attention();
    mlps();
  }

 private:
  void norms() const {
    check_norm(w_.attention_norm, at_ + "attention norm", c_.norm_before, c_.hidden_size);
    check_norm(w_.mlp_norm, at_ + "mlp norm", c_.norm_before && !c_.parallel, c_.hidden_size);
    check_norm(w_.attention_post_norm, at_ + "attention post norm", c_.norm_after, c_.hidden_size);
    check_norm(w_.mlp_post_norm, at_ + "mlp post norm", c_.norm_after, c_.hidden_size);
    const bool own = c_.head_norm == HeadNorm::own || c_.head_norm == HeadNorm::all_heads;
    const bool any = c_.head_norm != HeadNorm::none;
    check_norm(w_.q_norm, at_ + "q norm", any, c_.head_dim * (own ? c_.n_heads : 1));
    check_norm(w_.k_norm, at_ + "k norm", any, c_.head_dim * (own ? c_.n_kv_heads : 1));
  }

  void attention() const {
    const LatentSpec& latent = c_.latent;
    const int heads = c_.n_heads * c_.head_dim, kv_heads = c_.n_kv_heads * c_.head_dim;
    check_linear(w_.o, at_ + "o", c_.hidden_size, c_.n_heads * c_.value_dim);
    check_linear(w_.q, at_ + "q", heads, latent.query_rank > 0 ? latent.query_rank : c_.hidden_size);
    if (latent.query_rank > 0) {
      check_linear(w_.q_down, at_ + "q down", latent.query_rank, c_.hidden_size);
      check_norm(w_.q_down_norm, at_ + "q down norm", true, latent.query_rank);
    }
    if (latent.key_value_rank == 0) {
      check_linear(w_.k, at_ + "k", kv_heads, c_.hidden_size);
      check_linear(w_.v, at_ + "v", c_.n_kv_heads * c_.value_dim, c_.hidden_size);
      return;
    }
    const int rank = latent.key_value_rank, rotated = c_.head_dim - latent.unrotated_dims;
    expect(c_.n_kv_heads == c_.n_heads, "latent attention has keys and values for every head");
    check_linear(w_.kv_down, at_ + "kv down", rank + rotated, c_.hidden_size);
    check_norm(w_.kv_down_norm, at_ + "kv down norm", true, rank);
    check_linear(w_.kv_up, at_ + "kv up", c_.n_heads * (latent.unrotated_dims + c_.value_dim), rank);
  }

  void mlp(const Mlp& mlp, const std::string& name, int intermediate_size) const {
    if (c_.gated) check_linear(mlp.gate, name + "gate", intermediate_size, c_.hidden_size);
    check_linear(mlp.up, name + "up", intermediate_size, c_.hidden_size);
    check_linear(mlp.down, name + "down", c_.hidden_size, intermediate_size);
  }

  void mlps() const {
    if (!spec_.experts) return mlp(w_.mlp, at_, c_.intermediate_size);
    const ExpertSpec& e = c_.experts;
    check_experts(e);
    check_linear(w_.router, at_ + "router", e.count, c_.hidden_size);
    if (e.corrected) check_vector(w_.router_correction, at_ + "router correction", e.count);
    expect(w_.experts.size() == static_cast<std::size_t>(e.count),
           at_ + "another number of experts expected");
    for (std::size_t i = 0; i < w_.experts.size(); ++i)
      mlp(w_.experts[i], at_ + "expert " + std::to_string(i) + ' ', e.intermediate_size);
    if (e.shared_intermediate_size > 0) mlp(w_.mlp, at_ + "shared expert ", e.shared_intermediate_size);
    if (e.shared_gate) check_linear(w_.shared_gate, at_ + "shared gate", 1, c_.hidden_size);
  }

  const ModelConfig& c_;
  const LayerSpec& spec_;
  const LayerWeights& w_;
  std::string at_;
};

}  // namespace

void check_shapes(const ModelConfig& c, const Weights& weights) {
  check_sizes(c);
  expect(
      weights.layers.size() == static_cast<std::size_t>(c.n_layers),
      std::to_string(c.n_layers) + " layers expected, " + std::to_string(weights.layers.size()) + " found");
  check_matrix(weights.embedding, "embedding", c.vocab_size, c.hidden_size);
  check_matrix(weights.lm_head, "head", c.vocab_size, c.hidden_size);
  check_norm(weights.final_norm, "final norm", true, c.hidden_size);
  for (std::size_t i = 0; i < weights.layers.size(); ++i)
    LayerCheck(c, c.layers[i], weights.layers[i], "layer " + std::to_string(i) + ' ').run();
}

}  // namespace kelvin
