// The activations of a chunk of tokens: one block of memory, one row of each matrix per token.
#pragma once

#include "engine/forward/rows.h"
#include "engine/weights/aligned_buffer.h"
#include "engine/weights/config.h"

namespace kelvin::engine {

struct Activations {
  Rows hidden;   // (tokens, hidden_size): the residual stream
  Rows normed;   // (tokens, hidden_size): what a sublayer or the LM head reads
  Rows product;  // (tokens, hidden_size): what a sublayer adds

  Rows cosines, sines;               // (tokens, pairs of all ropes)
  Rows q;                            // (tokens, n_heads * head_dim)
  Rows k, v;                         // (tokens, n_kv_heads * head_dim)
  Rows attention_output;             // (tokens, n_heads * value_dim)
  Rows q_compressed, kv_compressed;  // (tokens, rank): latent attention
  Rows kv_expanded;                  // (tokens, n_heads * (unrotated_dims + value_dim))

  Rows gate, up;  // (tokens, intermediate_size)

  Rows router_logits;                      // (tokens, experts)
  Rows shared_gate;                        // (tokens, 1)
  Rows expert_in, expert_gate, expert_up;  // one row per token and chosen expert

  // Room for `tokens` tokens; what was there is lost where it grows. Throws std::bad_alloc.
  void reserve(const ModelConfig& config, int rope_pairs, int tokens);

 private:
  int room_ = 0;
  AlignedBuffer memory_;
};

// Columns of gate and up: those of the plain MLP or of the expert all tokens share.
int mlp_columns(const ModelConfig& config);

}  // namespace kelvin::engine
