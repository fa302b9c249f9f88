// One pass of a chunk of tokens through all layers: what Model::forward repeats.
#pragma once

#include <span>
#include <vector>

#include "engine/forward/activations.h"
#include "engine/forward/attention_sublayer.h"
#include "engine/forward/chunk.h"
#include "engine/forward/layer_operations.h"
#include "engine/forward/mlp_sublayer.h"
#include "engine/forward/model.h"
#include "engine/platform/thread_team.h"
#include "engine/weights/config.h"
#include "engine/weights/weights.h"

namespace kelvin::engine {

class Decoder {
 public:
  // Keeps references to the first four.
  Decoder(const ModelConfig& config, const Weights& weights, const Kernels& kernels, const RopeSet& ropes,
          KvStorage kv, int threads);

  // Runs the rows, whose runs must cover them in order, through the layers and stores keys and values.
  // Returns false if stopped midway. What the observer throws passes through.
  bool run(std::span<const Row> rows, std::span<const TokenRun> runs, const ForwardOptions& options);

  // Logits of the wanted rows of the last run, some at a time in their order: each call moves on to the next
  // few and returns how many, 0 at the end.
  int next_logits();
  // Takes rows of the residual stream, (count, hidden_size), as if they were those of the last layer:
  // next_logits() gives their logits.
  void read_out(std::span<const float> hidden, int count);
  // Of the i-th of these: its index into the last run's rows, and its logits, (vocab_size,).
  int logits_row(int i) const { return wanted_[static_cast<std::size_t>(first_ + i)]; }
  // At rest between runs.
  ThreadTeam& team() { return team_; }
  std::span<const float> logits(int i) const {
    return {logits_[i], static_cast<std::size_t>(config_.vocab_size)};
  }

 private:
  void reserve(int rows, int wanted);
  void embed(const Row& row, int index);
  void notify(const Observer& observer, int depth, Rows hidden) const;
  void final_norm(int row, int to);
  void lm_head(int first, int count);
  void finish_logits(RowBlock block, int count) const;

  const ModelConfig& config_;
  const Weights& weights_;
  const Kernels& kernels_;
  const RopeSet& ropes_;
  ThreadTeam team_;
  Chunk chunk_;
  Activations activations_;
  LayerOperations operations_;
  AttentionSublayer attention_;
  MlpSublayer mlp_;

  std::vector<int> wanted_;     // rows whose logits are
  int first_ = 0, count_ = 0;   // of wanted_: those logits_ holds
  bool first_portion_ = false;  // made by run() and not yet handed out
  int logits_room_ = 0;
  AlignedBuffer logits_memory_;
  Rows logits_;  // (portion of wanted_, vocab_size)
};

}  // namespace kelvin::engine
