#include "engine/forward/decoder.h"

#include <algorithm>
#include <numeric>

#include "engine/forward/input_observer.h"
#include "engine/weights/weights.h"

namespace kelvin::engine {
namespace {

// Logits are made in portions of this size: all of a long prompt's would be the largest thing in memory.
constexpr std::size_t logits_bytes = std::size_t{16} << 20;

int logits_portion(int vocab_size) {
  return static_cast<int>(
      std::max<std::size_t>(8, logits_bytes / (sizeof(float) * static_cast<std::size_t>(vocab_size))));
}

bool has_packed(const Weights& weights) {
  bool found = is_packed(weights.lm_head.storage);
  for (const LayerWeights& layer : weights.layers)
    for (const Linear* linear : linears_of(layer)) found |= is_packed(linear->weight.storage);
  return found;
}

}  // namespace

Decoder::Decoder(const ModelConfig& config, const Weights& weights, const Kernels& kernels,
                 const RopeSet& ropes, KvStorage kv, int threads)
    : config_(config),
      weights_(weights),
      kernels_(kernels),
      ropes_(ropes),
      team_(threads),
      operations_(config, kernels, activations_, chunk_, has_packed(weights), threads),
      attention_(config, ropes, operations_, activations_, kv, threads),
      mlp_(config, operations_, activations_) {}

void Decoder::reserve(int rows, int wanted) {
  activations_.reserve(config_, ropes_.pairs(), rows);
  operations_.reserve(rows);
  mlp_.reserve(rows);
  const int portion = std::min(wanted, logits_portion(config_.vocab_size));
  if (portion <= logits_room_) return;
  logits_room_ = 0;
  logits_ = {nullptr, Rows::stride_for(config_.vocab_size)};
  logits_memory_ = AlignedBuffer(logits_.stride * static_cast<std::size_t>(portion) * sizeof(float));
  logits_.data = logits_memory_.floats();
  logits_room_ = portion;
}

bool Decoder::run(std::span<const Row> rows, std::span<const TokenRun> runs, const ForwardOptions& options) {
  const Observer& observer = options.observer;
  const std::atomic<bool>* const stop = options.stop;
  const int n_rows = static_cast<int>(rows.size());
  chunk_.rows = rows;
  chunk_.input_observer = options.input_observer;
  chunk_.clock.start(options.times);
  wanted_.clear();
  for (int i = 0; i < n_rows; ++i)
    if (rows[i].wanted) wanted_.push_back(i);
  reserve(n_rows, static_cast<int>(wanted_.size()));
  attention_.plan(runs);

  first_ = 0;
  count_ = std::min(static_cast<int>(wanted_.size()), logits_room_);
  first_portion_ = count_ > 0;
  team_.parallel_for(n_rows, [&](int i) { embed(rows[i], i); });
  chunk_.profile(PassPart::embedding);
  for (int layer = 0; layer < config_.n_layers; ++layer) {
    if (observer) notify(observer, layer, activations_.hidden);
    if (stop && stop->load(std::memory_order_relaxed)) return false;
    const LayerWeights& w = weights_.layers[static_cast<std::size_t>(layer)];
    attention_.run(team_, w, layer);
    mlp_.run(team_, w, layer);
  }
  if (observer) notify(observer, config_.n_layers, activations_.hidden);
  const bool input_wanted = chunk_.input_observer && chunk_.input_observer->wants(weights_.lm_head);
  if (observer || input_wanted) {
    team_.parallel_for(n_rows, [&](int i) { final_norm(i, i); });
    if (observer) notify(observer, config_.n_layers + 1, activations_.normed);
    // Of all tokens, whether their logits are wanted or not.
    operations_.observe_input(team_, activations_.normed, n_rows, weights_.lm_head);
  }
  if (count_ > 0) lm_head(0, count_);
  return true;
}

void Decoder::embed(const Row& row, int index) {
  float* const to = activations_.hidden[index];
  read_row(weights_.embedding, row.token, to);
  if (config_.embedding_multiplier != 1.0f)
    for (int i = 0; i < config_.hidden_size; ++i) to[i] *= config_.embedding_multiplier;
  attention_.place(row, index);
}

void Decoder::final_norm(int row, int to) {
  operations_.normalise(weights_.final_norm, activations_.hidden[row], config_.hidden_size,
                        config_.norm_epsilon, activations_.normed[to]);
}

// The wanted rows first .. first + count, their final norms packed into the first rows of Activations::normed.
void Decoder::lm_head(int first, int count) {
  team_.parallel_for(count, [&](int i) { final_norm(wanted_[static_cast<std::size_t>(first + i)], i); });
  const Linear head{weights_.lm_head, {}};
  const MatmulInput x = operations_.prepare(team_, activations_.normed, count, head.weight);
  const RowBlocks blocks(head.weight, team_.threads(), count);
  team_.parallel_for(blocks.count(), [&](int b, int worker) {
    multiply(kernels_, head, blocks[b], x, count, logits_, operations_.scratch_of(worker));
    finish_logits(blocks[b], count);
  });
  chunk_.profile(PassPart::head);
}

void Decoder::finish_logits(RowBlock block, int count) const {
  for (int i = 0; i < count; ++i) {
    float* const z = logits_[i] + block.first;
    if (config_.logit_multiplier != 1.0f)
      for (int r = 0; r < block.rows; ++r) z[r] *= config_.logit_multiplier;
    if (config_.logit_soft_cap > 0.0f) kernels_.soft_cap(z, block.rows, config_.logit_soft_cap, z);
  }
}

int Decoder::next_logits() {
  if (first_portion_) {
    first_portion_ = false;
    return count_;
  }
  first_ += count_;
  count_ = std::min(static_cast<int>(wanted_.size()) - first_, logits_room_);
  chunk_.clock.restart();
  if (count_ > 0) lm_head(first_, count_);
  return count_;
}

void Decoder::read_out(std::span<const float> hidden, int count) {
  chunk_.clock.start(nullptr);
  wanted_.resize(static_cast<std::size_t>(count));
  std::iota(wanted_.begin(), wanted_.end(), 0);
  reserve(count, count);
  const std::size_t n = static_cast<std::size_t>(config_.hidden_size);
  for (int i = 0; i < count; ++i)
    std::copy_n(hidden.begin() + static_cast<std::ptrdiff_t>(n * static_cast<std::size_t>(i)), n,
                activations_.hidden[i]);
  first_ = count_ = 0;
  first_portion_ = false;
}

void Decoder::notify(const Observer& observer, int depth, Rows hidden) const {
  for (int i = 0; i < chunk_.size(); ++i)
    observer(chunk_.rows[i].feed, chunk_.rows[i].position, depth,
             {hidden[i], static_cast<std::size_t>(config_.hidden_size)});
}

}  // namespace kelvin::engine
