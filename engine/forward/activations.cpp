#include "engine/forward/activations.h"

#include <algorithm>

namespace kelvin::engine {

int mlp_columns(const ModelConfig& config) {
  return std::max(config.intermediate_size, config.experts.shared_intermediate_size);
}

void Activations::reserve(const ModelConfig& c, int rope_pairs, int tokens) {
  if (tokens <= room_) return;
  const int heads = c.n_heads * c.head_dim, kv_heads = c.n_kv_heads * c.head_dim;
  const LatentSpec& latent = c.latent;
  const bool is_latent = latent.key_value_rank > 0;
  const int rotated = c.head_dim - latent.unrotated_dims;
  const int expert_rows = tokens * c.experts.per_token;
  struct Part {
    Rows* to;
    int rows, columns;
  };
  const Part parts[] = {
      {&hidden, tokens, c.hidden_size},
      {&normed, tokens, c.hidden_size},
      {&product, tokens, c.hidden_size},
      {&q, tokens, heads},
      {&attention_output, tokens, heads},
      {&k, tokens, kv_heads},
      {&v, tokens, kv_heads},
      {&gate, tokens, mlp_columns(c)},
      {&up, tokens, mlp_columns(c)},
      {&cosines, tokens, rope_pairs},
      {&sines, tokens, rope_pairs},
      {&q_compressed, tokens, latent.query_rank},
      {&kv_compressed, tokens, is_latent ? latent.key_value_rank + rotated : 0},
      {&kv_expanded, tokens, is_latent ? c.n_heads * (latent.unrotated_dims + c.value_dim) : 0},
      {&router_logits, tokens, c.experts.count},
      {&shared_gate, tokens, c.experts.shared_gate ? 1 : 0},
      {&expert_in, expert_rows, c.hidden_size},
      {&expert_gate, expert_rows, c.experts.intermediate_size},
      {&expert_up, expert_rows, c.experts.intermediate_size},
  };
  const auto floats_of = [](const Part& part) {
    return part.columns == 0 ? 0 : Rows::stride_for(part.columns) * static_cast<std::size_t>(part.rows);
  };
  std::size_t floats = 0;
  for (const Part& part : parts) floats += floats_of(part);
  room_ = 0;
  memory_ = AlignedBuffer(floats * sizeof(float));
  float* at = memory_.floats();
  for (const Part& part : parts) {
    *part.to = {at, Rows::stride_for(part.columns)};
    at += floats_of(part);
  }
  room_ = tokens;
}

}  // namespace kelvin::engine
