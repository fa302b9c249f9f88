// The second half of a layer: an MLP, or experts chosen per token, and what it adds to the residual stream.
#pragma once

#include <vector>

#include "engine/forward/layer_operations.h"
#include "engine/forward/routing.h"

namespace kelvin::engine {

class MlpSublayer {
 public:
  // Keeps references to all of them.
  MlpSublayer(const ModelConfig& config, LayerOperations& operations, Activations& activations);

  // Room for chunks of `tokens` tokens. Throws std::bad_alloc.
  void reserve(int tokens);
  void run(ThreadTeam& team, const LayerWeights& w, int layer);

 private:
  // Rows of expert_in that go through one expert.
  struct ExpertBatch {
    int expert, first, count;
  };

  void up_projection(ThreadTeam& team, const Mlp& mlp, Rows x);
  void gate_up(const Mlp& mlp, RowBlock block, const MatmulInput& x, int rows, Rows gate, Rows up,
               float* scratch) const;

  // mlp_experts.cpp
  void experts(ThreadTeam& team, const LayerWeights& w, Rows x);
  void batch_by_expert();
  template <class Work>
  void multiply_batches(ThreadTeam& team, const LayerWeights& w, Rows x, Linear Mlp::*shape, Work work);
  void mix_experts(int row);

  const ModelConfig& config_;
  LayerOperations& operations_;
  Activations& activations_;
  std::vector<ExpertChoice> chosen_;  // (tokens, experts per token)
  std::vector<int> slots_;            // rows of expert_in, for each of chosen_
  std::vector<ExpertBatch> batches_;
};

}  // namespace kelvin::engine
