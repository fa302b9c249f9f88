// Weights as the forward pass reads them. Filled by loaders/checkpoint; views into mapped files wherever the
// stored type is the wanted one, else into buffers owned here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/storage.h"
#include "engine/tensor.h"

namespace kelvin {

// (rows, cols): row-major without padding and aligned to the element, not more; or packed, at any alignment.
struct Matrix {
  Storage storage = Storage::f32;
  int rows = 0;
  int cols = 0;
  const void* data = nullptr;

  std::size_t bytes() const { return matrix_bytes(storage, rows, cols); }
};

// y = W x + bias
struct Linear {
  Matrix weight;                // (out, in)
  std::span<const float> bias;  // (out,) or empty
};

struct LayerWeights {
  std::span<const float> attention_norm;  // (hidden_size,)
  Linear q;                               // (n_heads * head_dim, hidden_size)
  Linear k, v;                            // (n_kv_heads * head_dim, hidden_size)
  Linear o;                               // (hidden_size, n_heads * head_dim)
  std::span<const float> mlp_norm;        // (hidden_size,)
  Linear gate, up;                        // (intermediate_size, hidden_size)
  Linear down;                            // (hidden_size, intermediate_size)
};

struct Weights {
  Matrix embedding;  // (vocab_size, hidden_size)
  std::vector<LayerWeights> layers;
  std::span<const float> final_norm;  // (hidden_size,)
  Matrix head;                        // (vocab_size, hidden_size); the embedding itself where tied

  std::vector<AlignedBuffer> buffers;              // converted tensors the views above point into
  std::vector<std::shared_ptr<const void>> files;  // mapped files the views above point into
};

}  // namespace kelvin
