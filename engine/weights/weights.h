// Weights as the forward pass reads them. Filled by loaders/checkpoint; views into mapped files wherever the
// stored type is the wanted one, else into buffers owned here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/weights/aligned_buffer.h"
#include "engine/weights/storage.h"
#include "engine/weights/weight_kind.h"

namespace kelvin {

// (rows, cols): row-major without padding and aligned to the element, not more; or packed, at any alignment.
struct Matrix {
  Storage storage = Storage::f32;
  int rows = 0;
  int cols = 0;
  const void* data = nullptr;

  std::size_t bytes() const { return matrix_bytes(storage, rows, cols); }
};

// A row as numbers, whatever it is stored as.
void read_row(const Matrix& matrix, int row, float* out);  // (cols,)

// y = W x + bias
struct Linear {
  Matrix weight;                // (out, in)
  std::span<const float> bias;  // (out,) or empty
};

struct Norm {
  std::span<const float> weight;  // (n,); empty where the model has no such norm
  std::span<const float> bias;    // (n,) or empty
};

struct Mlp {
  Linear gate;  // (intermediate_size, hidden_size); nothing where the MLP has no gate
  Linear up;    // (intermediate_size, hidden_size)
  Linear down;  // (hidden_size, intermediate_size)
};

// Which of these a layer has follows from the ModelConfig; shape_check.cpp spells it out.
struct LayerWeights {
  Norm attention_norm, attention_post_norm;  // (hidden_size,)
  Linear q;                                  // (n_heads * head_dim, hidden_size or query_rank)
  Linear k;                                  // (n_kv_heads * head_dim, hidden_size)
  Linear v;                                  // (n_kv_heads * value_dim, hidden_size)
  Linear o;                                  // (hidden_size, n_heads * value_dim)
  Norm q_norm, k_norm;                       // as HeadNorm says

  // Latent attention, in place of k and v.
  Linear q_down;      // (query_rank, hidden_size)
  Norm q_down_norm;   // (query_rank,)
  Linear kv_down;     // (key_value_rank + rotated dimensions, hidden_size)
  Norm kv_down_norm;  // (key_value_rank,)
  Linear kv_up;       // (n_heads * (unrotated_dims + value_dim), key_value_rank)

  Norm mlp_norm, mlp_post_norm;  // (hidden_size,)
  Mlp mlp;                       // or the expert all tokens share

  Linear router;                             // (experts, hidden_size)
  std::span<const float> router_correction;  // (experts,)
  std::vector<Mlp> experts;
  Linear shared_gate;  // (1, hidden_size)
};

// All projections a layer has, those of every expert included.
std::vector<const Linear*> linears_of(const LayerWeights& layer);
std::vector<Linear*> linears_of(LayerWeights& layer);

struct Weights {
  Matrix embedding;  // (vocab_size, hidden_size)
  std::vector<LayerWeights> layers;
  Norm final_norm;  // (hidden_size,)
  Matrix lm_head;   // (vocab_size, hidden_size); the embedding itself where tied

  WeightKind kind() const {
    return {layers.empty() ? lm_head.storage : layers.front().o.weight.storage, lm_head.storage};
  }

  std::vector<AlignedBuffer> buffers;              // converted tensors the views above point into
  std::vector<std::shared_ptr<const void>> files;  // mapped files the views above point into
};

// Embedding, head and all places a layer has for a projection (of every expert too), in an order that depends
// on the shape of the model alone; what it lacks, or what is not loaded yet, has no data.
std::vector<const Matrix*> matrices_of(const Weights& weights);

}  // namespace kelvin
