// The shape of a decoder: what the forward pass must know beside the weights. Every family of models is one
// setting of these; filled by loaders/hf_config.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kelvin {

enum class Activation { silu, gelu_erf, gelu_tanh };

// Frequencies f_i = theta^(-2i/d) and how a kind changes them for positions beyond the training length.
enum class RopeKind { unscaled, linear, dynamic, llama3, yarn, longrope };

struct RopeSpec {
  RopeKind kind = RopeKind::unscaled;
  int dims = 0;              // rotated dimensions of a head, at most head_dim
  bool from_end = false;     // the last dimensions of a head rotate, not the first
  bool interleaved = false;  // dimension 2i rotates with 2i + 1, not i with i + dims / 2
  double theta = 10000.0;
  double factor = 1.0;            // linear, dynamic, llama3, yarn; longrope: for its attention factor only
  int original_max_position = 0;  // llama3, yarn; dynamic, longrope: frequencies change beyond this length
  double low_freq_factor = 1.0;   // llama3
  double high_freq_factor = 4.0;  // llama3
  double beta_fast = 32.0, beta_slow = 1.0;         // yarn
  bool truncate = true;                             // yarn: round the ramp's ends to whole dimensions
  std::optional<double> attention_factor;           // yarn, longrope: cos and sin are multiplied by it
  std::optional<double> mscale, mscale_all_dim;     // yarn: used where attention_factor is absent
  std::vector<double> short_factors, long_factors;  // longrope: divisors of the frequencies, one per pair
};

enum class NormKind { rms, layer };

// What normalises queries and keys before they are rotated.
enum class HeadNorm {
  none,
  per_head,   // each head, all with one weight (head_dim,)
  own,        // each head, with a weight of its own: (heads, head_dim)
  all_heads,  // all heads together: (heads * head_dim,)
};

// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): keys and values are made from one short vector
// per token, and the rotated part of the keys is common to all heads.
struct LatentSpec {
  int query_rank = 0;      // queries come from a vector of this width; 0: straight from the input
  int key_value_rank = 0;  // 0: plain projections
  int unrotated_dims = 0;  // of a key; head_dim less these rotate
};

enum class Scoring { softmax, sigmoid };

// Layers whose MLP is chosen per token among many.
struct ExpertSpec {
  int count = 0;
  int per_token = 0;
  int intermediate_size = 0;
  int shared_intermediate_size = 0;  // of an expert every token takes beside those; 0: none
  bool shared_gate = false;          // its output is multiplied by a sigmoid of the input
  Scoring scoring = Scoring::softmax;
  bool corrected = false;  // a bias per expert takes part in the choice, not in the weight
  int groups = 1;          // the experts are chosen from the best `groups_kept` groups of neighbours
  int groups_kept = 1;
  bool normalise = false;  // weights of the chosen sum to 1 ...
  float scale = 1.0f;      // ... before this factor
};

struct LayerSpec {
  int rope = 0;          // index into ModelConfig::ropes; -1: positions are not encoded
  int window = 0;        // a token sees itself and the window - 1 before it; 0: all
  bool experts = false;  // the MLP is ModelConfig::experts
};

struct ModelConfig {
  std::string architecture;  // as in config.json, e.g. LlamaForCausalLM
  int vocab_size = 0;
  int hidden_size = 0;
  int n_layers = 0;
  int n_heads = 0;
  int n_kv_heads = 0;         // divides n_heads: grouped-query attention
  int head_dim = 0;           // of queries and keys; n_heads * head_dim need not equal hidden_size
  int value_dim = 0;          // of values; at most head_dim
  int intermediate_size = 0;  // of the plain MLPs
  int max_position = 0;       // positions the model was made for

  NormKind norm = NormKind::rms;
  float norm_epsilon = 1e-5f;
  bool norm_bias = false;
  bool norm_before = true;  // attention and MLP read the normalised residual stream
  bool norm_after = false;  // what they add to it is normalised
  bool parallel = false;    // the MLP reads what attention reads
  HeadNorm head_norm = HeadNorm::none;

  bool qkv_bias = false, o_bias = false;
  bool mlp_bias = false;  // of the plain MLPs and the shared expert; chosen experts have none
  bool gated = true;      // down(activation(gate x) * up x), or down(activation(up x))
  Activation activation = Activation::silu;
  ExpertSpec experts;
  LatentSpec latent;

  std::optional<float> attention_scale;  // of scores, in place of 1 / sqrt(head_dim)
  float attention_soft_cap = 0.0f;       // scores become cap * tanh(score / cap); 0: they stay
  float embedding_multiplier = 1.0f;
  float residual_multiplier = 1.0f;  // of what attention and MLP add
  float logit_multiplier = 1.0f;
  float logit_soft_cap = 0.0f;  // after the multiplier; 0: none
  bool tied_embeddings = false;

  std::vector<RopeSpec> ropes;
  std::vector<LayerSpec> layers;  // n_layers of them
};

}  // namespace kelvin
