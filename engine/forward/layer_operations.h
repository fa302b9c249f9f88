// What the sublayers of a decoder are made of: norms, products of the activations with matrices, and what is
// added to the residual stream.
#pragma once

#include <cstddef>
#include <initializer_list>

#include "engine/forward/activations.h"
#include "engine/forward/chunk.h"
#include "engine/forward/matmul.h"
#include "engine/forward/quantized_activations.h"
#include "engine/platform/thread_team.h"
#include "engine/weights/config.h"
#include "engine/weights/weights.h"

namespace kelvin::engine {

struct Product {  // y = linear x
  const Linear* linear;
  Rows y;
};

class LayerOperations {
 public:
  // Keeps references to the first four. `any_packed`: whether any matrix is.
  LayerOperations(const ModelConfig& config, const Kernels& kernels, Activations& activations, Chunk& chunk,
                  bool any_packed, int threads);

  // Room for chunks of `tokens` tokens. Throws std::bad_alloc.
  void reserve(int tokens);

  const Kernels& kernels() const { return kernels_; }
  Chunk& chunk() const { return chunk_; }

  // One row: y = norm(x); y may be x itself.
  void normalise(const Norm& norm, const float* x, int n, float epsilon, float* y) const;
  // What a sublayer reads: the residual stream, normalised where it has a norm before.
  Rows pre_norm(ThreadTeam& team, const Norm& norm);

  // Tells the input observer, if there is one, what a matrix is multiplied with.
  void observe_input(ThreadTeam& team, Rows x, int tokens, const Matrix& matrix) const;
  // What a matrix is multiplied with: quantised where it is packed.
  MatmulInput prepare(ThreadTeam& team, Rows x, int tokens, const Matrix& matrix,
                      ActivationBits bits = ActivationBits::sixteen);
  // Room for the activations of packed matrices, whatever they come from.
  ActivationBuffer& codes() { return codes_; }
  // (matmul_scratch(tokens),) of a worker of the team, nullptr where no matrix is packed.
  float* scratch_of(int worker);

  // Products of the same input, their blocks shared out together.
  void multiply_all(ThreadTeam& team, Rows x, std::initializer_list<Product> products);
  // hidden += residual_multiplier * post_norm(linear x)
  void add_to_residual(ThreadTeam& team, const Linear& linear, Rows x, const Norm& post_norm);
  // The same for a product that lies in Activations::product.
  void add_product(ThreadTeam& team, const Norm& post_norm);

 private:
  const ModelConfig& config_;
  const Kernels& kernels_;
  Activations& activations_;
  Chunk& chunk_;
  const bool any_packed_;
  const int threads_;
  int room_ = 0;  // tokens
  ActivationBuffer codes_;
  AlignedBuffer scratch_memory_;
  std::size_t scratch_stride_ = 0;  // floats per thread
};

// Neighbouring tokens write into the same cache lines of codes' scales and of key panels, so that each thread
// takes some together.
template <class Work>
void for_each_token(ThreadTeam& team, int tokens, Work work) {
  const int fair = tokens / (4 * team.threads());
  const int together = fair < 1 ? 1 : fair > 16 ? 16 : fair;
  team.parallel_for((tokens + together - 1) / together, [&](int unit) {
    const int end = (unit + 1) * together < tokens ? (unit + 1) * together : tokens;
    for (int i = unit * together; i < end; ++i) work(i);
  });
}

}  // namespace kelvin::engine
