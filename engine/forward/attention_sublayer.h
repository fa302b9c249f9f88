// The first half of a layer: queries, keys and values, their place in the sequence, attention, and what it adds
// to the residual stream.
#pragma once

#include <span>

#include "engine/forward/attention.h"
#include "engine/forward/layer_operations.h"
#include "engine/forward/rope_set.h"

namespace kelvin::engine {

class AttentionSublayer {
 public:
  // Keeps references to config, ropes, operations and activations.
  AttentionSublayer(const ModelConfig& config, const RopeSet& ropes, LayerOperations& operations,
                    Activations& activations, KvStorage kv, int threads);

  // Prepares the work for the runs of a chunk, which cover its rows in order.
  void plan(std::span<const TokenRun> runs) { attention_.plan(runs); }
  // The angles of a row's position.
  void place(const Row& row, int index) const;
  void run(ThreadTeam& team, const LayerWeights& w, int layer);

 private:
  void latent_projections(ThreadTeam& team, const LayerWeights& w, Rows x);
  void expand_kv(int row);
  void qk_norm_rope_store(const LayerWeights& w, int layer, int row);
  void qk_norm(const Norm& norm, int heads, float* x) const;
  void apply_rope(int rope, int row, float scale, float* head) const;

  const ModelConfig& config_;
  const RopeSet& ropes_;
  LayerOperations& operations_;
  Activations& activations_;
  Attention attention_;
};

}  // namespace kelvin::engine
