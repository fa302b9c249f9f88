#include "engine/decoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <numeric>

#include "engine/matrix_rows.h"

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
  for (const LayerWeights& w : weights.layers)
    for (const Linear* linear : {&w.q, &w.k, &w.v, &w.o, &w.gate, &w.up, &w.down})
      found |= is_packed(linear->weight.storage);
  return found;
}

}  // namespace

Decoder::Decoder(const ModelConfig& config, const Weights& weights, const Kernels& kernels, const Rope& rope,
                 KvStorage kv, int threads)
    : config_(config),
      weights_(weights),
      kernels_(kernels),
      rope_(rope),
      any_packed_(has_packed(weights)),
      team_(threads),
      attention_(kernels, config.n_heads, {config.n_layers, config.n_kv_heads, config.head_dim, kv},
                 threads) {}

void Decoder::make_room(int rows, int wanted) {
  if (rows > room_) {
    const int heads = config_.n_heads * config_.head_dim, kv_heads = config_.n_kv_heads * config_.head_dim;
    struct Part {
      Rows* rows;
      int columns;
    };
    const std::array<Part, 11> parts = {{{&hidden_, config_.hidden_size},
                                         {&normed_, config_.hidden_size},
                                         {&product_, config_.hidden_size},
                                         {&q_, heads},
                                         {&mixed_, heads},
                                         {&k_, kv_heads},
                                         {&v_, kv_heads},
                                         {&gate_, config_.intermediate_size},
                                         {&up_, config_.intermediate_size},
                                         {&cosines_, config_.head_dim / 2},
                                         {&sines_, config_.head_dim / 2}}};
    std::size_t floats = 0;
    for (const Part& part : parts) floats += Rows::stride_for(part.columns) * static_cast<std::size_t>(rows);
    room_ = 0;
    memory_ = AlignedBuffer(floats * sizeof(float));
    float* at = memory_.floats();
    for (const Part& part : parts) {
      *part.rows = {at, Rows::stride_for(part.columns)};
      at += Rows::stride_for(part.columns) * static_cast<std::size_t>(rows);
    }
    if (any_packed_) {
      codes_.reserve(rows, std::max({config_.hidden_size, heads, config_.intermediate_size}));
      scratch_stride_ = matmul_scratch(rows);
      scratch_memory_ =
          AlignedBuffer(scratch_stride_ * static_cast<std::size_t>(team_.threads()) * sizeof(float));
    }
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

bool Decoder::run(std::span<const Row> rows, std::span<const TokenRun> runs, const std::atomic<bool>* stop,
                  const Observer& observer) {
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
    for (int layer = 0; layer < config_.n_layers; ++layer) {
      observe(member, layer, hidden_);
      if (member.rank() == 0) stop_seen_ = thrown || (stop && stop->load(std::memory_order_relaxed));
      member.barrier();
      if (stop_seen_) return;
      attention_part(member, layer);
      mlp_part(member, layer);
    }
    observe(member, config_.n_layers, hidden_);
    if (observer) {
      member.share(n_rows, [&](int i) {
        kernels_.rms_norm(hidden_[i], weights_.final_norm.data(), config_.hidden_size, config_.rms_norm_eps,
                          normed_[i]);
      });
      observe(member, config_.n_layers + 1, normed_);
    }
    if (count_ > 0) head_part(member, 0, count_);
  });
  if (thrown) std::rethrow_exception(thrown);
  return !stop_seen_;
}

void Decoder::embed(const Row& row, int index) {
  read_row(weights_.embedding, row.token, hidden_[index]);
  rope_.angles(*row.frequencies, row.position, cosines_[index], sines_[index]);
}

void Decoder::attention_part(ThreadTeam::Member& member, int layer) {
  const LayerWeights& w = weights_.layers[static_cast<std::size_t>(layer)];
  const int n_rows = static_cast<int>(rows_.size()), head_dim = config_.head_dim;
  const MatmulInput x = input(normed_, n_rows, config_.hidden_size);
  member.share(n_rows, [&](int i) {
    kernels_.rms_norm(hidden_[i], w.attention_norm.data(), config_.hidden_size, config_.rms_norm_eps,
                      normed_[i]);
    quantize(x, i);
  });

  float* const scratch = scratch_of(member);
  const RowBlocks q(w.q.weight, member.size()), k(w.k.weight, member.size()), v(w.v.weight, member.size());
  member.share(q.count() + k.count() + v.count(), [&](int i) {
    if (i < q.count()) return multiply(kernels_, w.q, q[i], x, n_rows, q_, scratch);
    i -= q.count();
    if (i < k.count()) return multiply(kernels_, w.k, k[i], x, n_rows, k_, scratch);
    multiply(kernels_, w.v, v[i - k.count()], x, n_rows, v_, scratch);
  });

  // Scores are scaled by scaling the queries.
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  member.share(n_rows, [&](int i) {
    for (int head = 0; head < config_.n_heads; ++head)
      rotate_halves(q_[i] + head * head_dim, cosines_[i], sines_[i], head_dim, scale);
    for (int head = 0; head < config_.n_kv_heads; ++head) {
      rotate_halves(k_[i] + head * head_dim, cosines_[i], sines_[i], head_dim, 1.0f);
      rows_[i].cache->store(layer, head, rows_[i].position, k_[i] + head * head_dim, v_[i] + head * head_dim);
    }
  });

  attention_.run(member, layer, q_, mixed_);
  add_to_residual(member, w.o, mixed_);
}

void Decoder::mlp_part(ThreadTeam::Member& member, int layer) {
  const LayerWeights& w = weights_.layers[static_cast<std::size_t>(layer)];
  const int n_rows = static_cast<int>(rows_.size());
  const MatmulInput x = input(normed_, n_rows, config_.hidden_size);
  member.share(n_rows, [&](int i) {
    kernels_.rms_norm(hidden_[i], w.mlp_norm.data(), config_.hidden_size, config_.rms_norm_eps, normed_[i]);
    quantize(x, i);
  });
  float* const scratch = scratch_of(member);
  const RowBlocks blocks(w.gate.weight, member.size());
  member.share(blocks.count(), [&](int b) {
    const RowBlock block = blocks[b];
    multiply(kernels_, w.gate, block, x, n_rows, gate_, scratch);
    multiply(kernels_, w.up, block, x, n_rows, up_, scratch);
    for (int i = 0; i < n_rows; ++i) activate(up_[i] + block.first, block.rows, gate_[i] + block.first);
  });
  add_to_residual(member, w.down, gate_);
}

void Decoder::add_to_residual(ThreadTeam::Member& member, const Linear& linear, Rows from) {
  const int n_rows = static_cast<int>(rows_.size());
  const MatmulInput x = input(from, n_rows, linear.weight.cols);
  if (any_packed_) member.share(n_rows, [&](int i) { quantize(x, i); });
  float* const scratch = scratch_of(member);
  const RowBlocks blocks(linear.weight, member.size());
  member.share(blocks.count(), [&](int b) {
    const RowBlock block = blocks[b];
    multiply(kernels_, linear, block, x, n_rows, product_, scratch);
    for (int i = 0; i < n_rows; ++i) {
      float* to = hidden_[i] + block.first;
      const float* added = product_[i] + block.first;
      for (int r = 0; r < block.rows; ++r) to[r] += added[r];
    }
  });
}

MatmulInput Decoder::input(Rows x, int tokens, int cols) {
  if (!any_packed_) return {x, {}};
  return {x, codes_.view(tokens, cols)};
}

void Decoder::quantize(const MatmulInput& x, int row) const {
  if (any_packed_) kernels_.quantized->quantize_activations(x.rows[row], x.codes, row);
}

float* Decoder::scratch_of(const ThreadTeam::Member& member) {
  return any_packed_ ? scratch_memory_.floats() + scratch_stride_ * static_cast<std::size_t>(member.rank())
                     : nullptr;
}

void Decoder::activate(const float* up, int n, float* gate) const {
  switch (config_.activation) {
    case Activation::silu:
      return kernels_.silu_multiply(gate, up, n, gate);
    case Activation::gelu_erf:
      return kernels_.gelu_erf_multiply(gate, up, n, gate);
    case Activation::gelu_tanh:
      return kernels_.gelu_tanh_multiply(gate, up, n, gate);
  }
}

// The wanted rows first .. first + count, their final norms packed into the first rows of normed_.
void Decoder::head_part(ThreadTeam::Member& member, int first, int count) {
  const MatmulInput x = input(normed_, count, config_.hidden_size);
  member.share(count, [&](int i) {
    kernels_.rms_norm(hidden_[wanted_[static_cast<std::size_t>(first + i)]], weights_.final_norm.data(),
                      config_.hidden_size, config_.rms_norm_eps, normed_[i]);
    quantize(x, i);
  });
  float* const scratch = scratch_of(member);
  const Linear head{weights_.head, {}};
  const RowBlocks blocks(head.weight, member.size());
  member.share(blocks.count(),
               [&](int b) { multiply(kernels_, head, blocks[b], x, count, logits_, scratch); });
}

int Decoder::next_logits() {
  if (first_portion_) {
    first_portion_ = false;
    return count_;
  }
  shown_ += count_;
  count_ = std::min(static_cast<int>(wanted_.size()) - shown_, logits_room_);
  if (count_ > 0) team_.run([&](ThreadTeam::Member& member) { head_part(member, shown_, count_); });
  return count_;
}

void Decoder::read_out(std::span<const float> hidden, int count) {
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
