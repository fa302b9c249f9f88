// One pass of a chunk of tokens through all layers: what Model::forward repeats.
#pragma once

#include <span>
#include <vector>

#include "engine/forward/attention.h"
#include "engine/forward/model.h"
#include "engine/forward/observer.h"
#include "engine/forward/part_times.h"
#include "engine/forward/quantized_activations.h"
#include "engine/forward/rope_set.h"
#include "engine/forward/routing.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/second_moments.h"
#include "engine/weights/config.h"
#include "engine/weights/weights.h"

namespace kelvin {

// A token on its way through the layers; one row of the activations.
struct Row {
  int feed;
  int token;
  int position;
  KvCache* cache;
  const RopeSet::Frequencies* frequencies;
  bool wanted;  // whether its logits are
};

class Decoder {
 public:
  // Keeps references to all of them.
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
  int logits_row(int i) const { return wanted_[static_cast<std::size_t>(shown_ + i)]; }
  std::span<const float> logits(int i) const {
    return {logits_[i], static_cast<std::size_t>(config_.vocab_size)};
  }

 private:
  struct Product {  // y = linear x
    const Linear* linear;
    Rows y;
  };
  // Rows of expert_in_ that go through one expert.
  struct ExpertGroup {
    int expert, first, count;
  };

  void make_room(int rows, int wanted);
  void embed(const Row& row, int index);
  void head_part(ThreadTeam::Member& member, int first, int count);
  // What all have done since the last lap was `part`.
  void lap(const ThreadTeam::Member& member, PassPart part) {
    if (member.rank() == 0) clock_.lap(part);
  }
  void finish_logits(RowBlock block, int count) const;
  void show(const Observer& observer, int stage, Rows hidden) const;

  // decoder_layers.cpp
  void attention_part(ThreadTeam::Member& member, int layer);
  void latent_projections(ThreadTeam::Member& member, const LayerWeights& w, Rows x);
  void unfold_latent(int row);
  void place_heads(const LayerWeights& w, int layer, int row);
  void mlp_part(ThreadTeam::Member& member, int layer);
  void plain_mlp(ThreadTeam::Member& member, const Mlp& mlp, Rows x);
  void gate_up(const Mlp& mlp, RowBlock block, const MatmulInput& x, int rows, Rows gate, Rows up,
               float* scratch) const;
  void normalise(const Norm& norm, const float* x, int n, float epsilon, float* y) const;
  Rows input(ThreadTeam::Member& member, const Norm& norm);
  void multiply_all(ThreadTeam::Member& member, Rows x, std::initializer_list<Product> products);
  // Adds what a matrix is multiplied with to the moments, if anybody wants them.
  void gather(ThreadTeam::Member& member, Rows x, int tokens, const Matrix& matrix) const {
    if (moments_) moments_->add(member, kernels_, x, tokens, matrix);
  }
  // What a matrix is multiplied with: quantised where it is packed.
  MatmulInput prepare(ThreadTeam::Member& member, Rows x, int tokens, const Matrix& matrix,
                      ActivationBits bits = ActivationBits::sixteen);
  float* scratch_of(const ThreadTeam::Member& member);
  void add_to_residual(ThreadTeam::Member& member, const Linear& linear, Rows x, const Norm& post_norm);
  void add_product(ThreadTeam::Member& member, const Norm& post_norm);

  // decoder_experts.cpp
  void experts_part(ThreadTeam::Member& member, const LayerWeights& w, Rows x);
  void group_by_expert();
  template <class Work>
  void share_experts(ThreadTeam::Member& member, const LayerWeights& w, Rows x, Linear Mlp::*shape,
                     Work work);
  void mix_experts(int row);

  const ModelConfig& config_;
  const Weights& weights_;
  const Kernels& kernels_;
  const RopeSet& ropes_;
  const bool any_packed_;
  ThreadTeam team_;
  Attention attention_;

  std::span<const Row> rows_;
  std::vector<int> wanted_;
  int shown_ = 0, count_ = 0;   // of wanted_: first and number of those logits_ holds
  bool first_portion_ = false;  // made by run() and not yet handed out
  bool stop_seen_ = false;
  PartClock clock_;
  SecondMoments* moments_ = nullptr;

  // Activations, one row per token of the chunk; those of experts one per token and expert.
  int room_ = 0, logits_room_ = 0;
  AlignedBuffer memory_, logits_memory_;
  Rows hidden_, normed_, q_, k_, v_, mixed_, gate_, up_, product_, cosines_, sines_, logits_;
  Rows q_latent_, kv_latent_, kv_;
  Rows router_logits_, shared_gate_, expert_in_, expert_gate_, expert_up_;
  std::vector<ExpertChoice> chosen_;  // (rows, experts per token)
  std::vector<int> slots_;            // of expert_in_, for each of chosen_
  std::vector<ExpertGroup> groups_;
  ActivationBuffer codes_;
  AlignedBuffer scratch_memory_;
  std::size_t scratch_stride_ = 0;  // floats per thread
};

}  // namespace kelvin
