// The shape of a decoder: what the forward pass must know beside the weights. Filled by loaders/hf_config.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kelvin {

enum class Activation { silu, gelu_erf, gelu_tanh };

// Frequencies f_i = theta^(-2i/d) and how a kind changes them for positions beyond the training length.
enum class RopeKind { standard, linear, dynamic, llama3, yarn };

struct RopeSpec {
  RopeKind kind = RopeKind::standard;
  double theta = 10000.0;
  double factor = 1.0;                           // linear, dynamic, llama3, yarn
  int original_max_position = 0;                 // llama3, yarn; dynamic: the length beyond which theta grows
  double low_freq_factor = 1.0;                  // llama3
  double high_freq_factor = 4.0;                 // llama3
  double beta_fast = 32.0, beta_slow = 1.0;      // yarn
  bool truncate = true;                          // yarn: round the ramp's ends to whole dimensions
  std::optional<double> attention_factor;        // yarn: cos and sin are multiplied by it
  std::optional<double> mscale, mscale_all_dim;  // yarn: used where attention_factor is absent
};

struct ModelConfig {
  std::string architecture;  // as in config.json, e.g. LlamaForCausalLM
  int vocab_size = 0;
  int hidden_size = 0;
  int n_layers = 0;
  int n_heads = 0;
  int n_kv_heads = 0;  // divides n_heads: grouped-query attention
  int head_dim = 0;    // even; n_heads * head_dim need not equal hidden_size
  int intermediate_size = 0;
  int max_position = 0;  // positions the model was made for
  float rms_norm_eps = 1e-5f;
  bool attention_bias = false;  // q, k, v and o projections
  bool mlp_bias = false;        // gate, up and down projections
  bool tied_embeddings = false;
  Activation activation = Activation::silu;
  RopeSpec rope;
};

}  // namespace kelvin
