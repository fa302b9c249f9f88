#include "engine/forward/decoder.h"

#include <algorithm>
#include <exception>
#include <numeric>

#include "engine/weights/matrix_rows.h"

namespace kelvin {
namespace {

// Logits are made in portions of this size: all of a long prompt's would be the largest thing in memory.
constexpr std::size_t logits_bytes = std::size_t{16} << 20;

int logits_portion(int vocab_size) {
  return static_cast<int>(
      std::max<std::size_t>(8, logits_bytes / (sizeof(float) * static_cast<std::size_t>(vocab_size))));
}

bool has_packed(const Weights& weights) {
  bool found = is_packed(weights.head.storage);
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
      any_packed_(has_packed(weights)),
      team_(threads),
      attention_(kernels, config.n_heads, {config.n_layers, config.n_kv_heads, config.head_dim, kv},
                 threads) {}

void Decoder::make_room(int rows, int wanted) {
  if (rows > room_) {
    const ModelConfig& c = config_;
    const int heads = c.n_heads * c.head_dim, kv_heads = c.n_kv_heads * c.head_dim;
    const int widest_mlp = std::max(c.intermediate_size, c.experts.shared_intermediate_size);
    const LatentSpec& latent = c.latent;
    const bool is_latent = latent.key_value_rank > 0;
    const int unfolded = is_latent ? c.n_heads * (latent.unrotated_dims + c.value_dim) : 0;
    const int expert_rows = rows * c.experts.per_token;
    struct Part {
      Rows* to;
      int rows, columns;
    };
    const Part parts[] = {
        {&hidden_, rows, c.hidden_size},
        {&normed_, rows, c.hidden_size},
        {&product_, rows, c.hidden_size},
        {&q_, rows, heads},
        {&mixed_, rows, heads},
        {&k_, rows, kv_heads},
        {&v_, rows, kv_heads},
        {&gate_, rows, widest_mlp},
        {&up_, rows, widest_mlp},
        {&cosines_, rows, ropes_.pairs()},
        {&sines_, rows, ropes_.pairs()},
        {&q_latent_, rows, latent.query_rank},
        {&kv_latent_, rows, is_latent ? latent.key_value_rank + c.head_dim - latent.unrotated_dims : 0},
        {&kv_, rows, unfolded},
        {&router_logits_, rows, c.experts.count},
        {&shared_gate_, rows, c.experts.shared_gate ? 1 : 0},
        {&expert_in_, expert_rows, c.hidden_size},
        {&expert_gate_, expert_rows, c.experts.intermediate_size},
        {&expert_up_, expert_rows, c.experts.intermediate_size},
    };
    const auto floats_of = [](const Part& part) {
      return part.columns == 0 ? 0 : Rows::stride_for(part.columns) * static_cast<std::size_t>(part.rows);
    };
    std::size_t floats = 0;
    for (const Part& part : parts) floats += floats_of(part);
    room_ = 0;
    memory_ = AlignedBuffer(floats * sizeof(float));
    float* at = memory_.floats();
    for (const Part& part : parts) {
      *part.to = {at, Rows::stride_for(part.columns)};
      at += floats_of(part);
    }
    if (any_packed_) {
      codes_.reserve(rows,
                     std::max({c.hidden_size, heads, widest_mlp, latent.query_rank, latent.key_value_rank}));
      if (expert_rows > 0) codes_.reserve(expert_rows, std::max(c.hidden_size, c.experts.intermediate_size));
      scratch_stride_ = kernels::matmul_scratch(std::max(rows, expert_rows));
      scratch_memory_ =
          AlignedBuffer(scratch_stride_ * static_cast<std::size_t>(team_.threads()) * sizeof(float));
    }
    chosen_.resize(static_cast<std::size_t>(expert_rows));
    slots_.resize(static_cast<std::size_t>(expert_rows));
    room_ = rows;
  }
  const int portion = std::min(wanted, logits_portion(config_.vocab_size));
  if (portion > logits_room_) {
    logits_room_ = 0;
    logits_ = {nullptr, Rows::stride_for(config_.vocab_size)};
    logits_memory_ = AlignedBuffer(logits_.stride * static_cast<std::size_t>(portion) * sizeof(float));
    logits_.data = logits_memory_.floats();
    logits_room_ = portion;
  }
}

bool Decoder::run(std::span<const Row> rows, std::span<const TokenRun> runs, const ForwardOptions& options) {
  const Observer& observer = options.observer;
  const std::atomic<bool>* const stop = options.stop;
  clock_.start(options.times);
  moments_ = options.moments;
  rows_ = rows;
  wanted_.clear();
  for (int i = 0; i < static_cast<int>(rows.size()); ++i)
    if (rows[i].wanted) wanted_.push_back(i);
  stop_seen_ = false;
  make_room(static_cast<int>(rows.size()), static_cast<int>(wanted_.size()));
  attention_.plan(runs);

  const int n_rows = static_cast<int>(rows.size());
  shown_ = 0;
  count_ = std::min(static_cast<int>(wanted_.size()), logits_room_);
  first_portion_ = count_ > 0;
  std::exception_ptr thrown;
  // Others wait while the calling thread shows; an exception must not leave the region.
  const auto observe = [&](ThreadTeam::Member& member, int stage, Rows hidden) {
    if (!observer) return;
    if (member.rank() == 0 && !thrown) try {
        show(observer, stage, hidden);
      } catch (...) {
        thrown = std::current_exception();
      }
    member.barrier();
  };

  team_.run([&](ThreadTeam::Member& member) {
    member.share(n_rows, [&](int i) { embed(rows[i], i); });
    lap(member, PassPart::embedding);
    for (int layer = 0; layer < config_.n_layers; ++layer) {
      observe(member, layer, hidden_);
      if (member.rank() == 0) stop_seen_ = thrown || (stop && stop->load(std::memory_order_relaxed));
      member.barrier();
      if (stop_seen_) return;
      attention_part(member, layer);
      mlp_part(member, layer);
    }
    observe(member, config_.n_layers, hidden_);
    const bool gathered = moments_ && moments_->wanted(weights_.head);
    if (observer || gathered) {
      member.share(n_rows, [&](int i) {
        normalise(weights_.final_norm, hidden_[i], config_.hidden_size, config_.norm_epsilon, normed_[i]);
      });
      observe(member, config_.n_layers + 1, normed_);
      // Of all tokens, whether their logits are wanted or not.
      gather(member, normed_, n_rows, weights_.head);
    }
    if (count_ > 0) head_part(member, 0, count_);
  });
  if (thrown) std::rethrow_exception(thrown);
  return !stop_seen_;
}

void Decoder::embed(const Row& row, int index) {
  float* const to = hidden_[index];
  read_row(weights_.embedding, row.token, to);
  if (config_.embedding_multiplier != 1.0f)
    for (int i = 0; i < config_.hidden_size; ++i) to[i] *= config_.embedding_multiplier;
  ropes_.angles(*row.frequencies, row.position, cosines_[index], sines_[index]);
}

// The wanted rows first .. first + count, their final norms packed into the first rows of normed_.
void Decoder::head_part(ThreadTeam::Member& member, int first, int count) {
  member.share(count, [&](int i) {
    normalise(weights_.final_norm, hidden_[wanted_[static_cast<std::size_t>(first + i)]], config_.hidden_size,
              config_.norm_epsilon, normed_[i]);
  });
  const Linear head{weights_.head, {}};
  const MatmulInput x = prepare(member, normed_, count, head.weight);
  float* const scratch = scratch_of(member);
  const RowBlocks blocks(head.weight, member.size(), count);
  member.share_runs(blocks.count(), [&](int b) {
    multiply(kernels_, head, blocks[b], x, count, logits_, scratch);
    finish_logits(blocks[b], count);
  });
  lap(member, PassPart::head);
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
  shown_ += count_;
  count_ = std::min(static_cast<int>(wanted_.size()) - shown_, logits_room_);
  clock_.restart();
  if (count_ > 0) team_.run([&](ThreadTeam::Member& member) { head_part(member, shown_, count_); });
  return count_;
}

void Decoder::read_out(std::span<const float> hidden, int count) {
  clock_.start(nullptr);
  wanted_.resize(static_cast<std::size_t>(count));
  std::iota(wanted_.begin(), wanted_.end(), 0);
  make_room(count, count);
  const std::size_t n = static_cast<std::size_t>(config_.hidden_size);
  for (int i = 0; i < count; ++i)
    std::copy_n(hidden.begin() + static_cast<std::ptrdiff_t>(n * static_cast<std::size_t>(i)), n, hidden_[i]);
  shown_ = count_ = 0;
  first_portion_ = false;
}

void Decoder::show(const Observer& observer, int stage, Rows hidden) const {
  for (int i = 0; i < static_cast<int>(rows_.size()); ++i)
    observer(rows_[i].feed, rows_[i].position, stage,
             {hidden[i], static_cast<std::size_t>(config_.hidden_size)});
}

}  // namespace kelvin
