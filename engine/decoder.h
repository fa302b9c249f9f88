// One pass of a chunk of tokens through all layers: what Model::forward repeats.
#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "engine/attention.h"
#include "engine/config.h"
#include "engine/observer.h"
#include "engine/quantized_activations.h"
#include "engine/rope.h"
#include "engine/thread_team.h"
#include "engine/weights.h"

namespace kelvin {

// A token on its way through the layers; one row of the activations.
struct Row {
  int feed;
  int token;
  int position;
  KvCache* cache;
  const std::vector<float>* frequencies;  // of RoPE, (head_dim / 2,)
  bool wanted;                            // whether its logits are
};

class Decoder {
 public:
  // Keeps references to all of them.
  Decoder(const ModelConfig& config, const Weights& weights, const Kernels& kernels, const Rope& rope,
          KvStorage kv, int threads);

  // Runs the rows, whose runs must cover them in order, through the layers and stores keys and values.
  // Returns false if stopped midway. What `observer` throws passes through.
  bool run(std::span<const Row> rows, std::span<const TokenRun> runs, const std::atomic<bool>* stop,
           const Observer& observer);

  // Logits of the wanted rows of the last run, some at a time in their order: each call moves on to the next
  // few and returns how many, 0 at the end.
  int next_logits();
  // Takes rows of the residual stream, (count, hidden_size), as if they were those of the last layer:
  // next_logits() gives their logits.
  void read_out(std::span<const float> hidden, int count);
  // Of the i-th of these: its index into the last run's rows, and its logits, (vocab_size,).
  int logits_row(int i) const { return wanted_[static_cast<std::size_t>(shown_ + i)]; }
  std::span<const float> logits(int i) const {
    return {logits_[i], static_cast<std::size_t>(config_.vocab_size)};
  }

 private:
  void make_room(int rows, int wanted);
  void embed(const Row& row, int index);
  void attention_part(ThreadTeam::Member& member, int layer);
  void mlp_part(ThreadTeam::Member& member, int layer);
  void add_to_residual(ThreadTeam::Member& member, const Linear& linear, Rows from);
  // What the next matrices are multiplied with. Where some matrix is packed, each row of `x` must be
  // quantised.
  MatmulInput input(Rows x, int tokens, int cols);
  void quantize(const MatmulInput& x, int row) const;
  float* scratch_of(const ThreadTeam::Member& member);
  void activate(const float* up, int n, float* gate) const;
  void head_part(ThreadTeam::Member& member, int first, int count);
  void show(const Observer& observer, int stage, Rows hidden) const;

  const ModelConfig& config_;
  const Weights& weights_;
  const Kernels& kernels_;
  const Rope& rope_;
  const bool any_packed_;
  ThreadTeam team_;
  Attention attention_;

  std::span<const Row> rows_;
  std::vector<int> wanted_;
  int shown_ = 0, count_ = 0;   // of wanted_: first and number of those logits_ holds
  bool first_portion_ = false;  // made by run() and not yet handed out
  bool stop_seen_ = false;

  // Activations, one row per token of the chunk.
  int room_ = 0, logits_room_ = 0;
  AlignedBuffer memory_, logits_memory_;
  Rows hidden_, normed_, q_, k_, v_, mixed_, gate_, up_, product_, cosines_, sines_, logits_;
  ActivationBuffer codes_;
  AlignedBuffer scratch_memory_;
  std::size_t scratch_stride_ = 0;  // floats per thread
};

}  // namespace kelvin
