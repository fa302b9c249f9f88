#include "engine/forward/layer_operations.h"

#include <algorithm>

#include "engine/forward/input_observer.h"
#include "engine/kernels/quantized.h"

namespace kelvin::engine {
namespace {

using kernels::block_width, kernels::matmul_scratch;

void add_scaled_row(const float* from, int n, float multiplier, float* to) {
  for (int i = 0; i < n; ++i) to[i] += multiplier * from[i];
}

}  // namespace

LayerOperations::LayerOperations(const ModelConfig& config, const Kernels& kernels, Activations& activations,
                                 Chunk& chunk, bool any_packed, int threads)
    : config_(config),
      kernels_(kernels),
      activations_(activations),
      chunk_(chunk),
      any_packed_(any_packed),
      threads_(threads) {}

void LayerOperations::reserve(int tokens) {
  if (!any_packed_ || tokens <= room_) return;
  const ModelConfig& c = config_;
  const int expert_rows = tokens * c.experts.per_token;
  codes_.reserve(tokens, std::max({c.hidden_size, c.n_heads * c.head_dim, mlp_columns(c), c.latent.query_rank,
                                   c.latent.key_value_rank}));
  if (expert_rows > 0) codes_.reserve(expert_rows, std::max(c.hidden_size, c.experts.intermediate_size));
  scratch_stride_ = matmul_scratch(std::max(tokens, expert_rows));
  scratch_memory_ = AlignedBuffer(scratch_stride_ * static_cast<std::size_t>(threads_) * sizeof(float));
  room_ = tokens;
}

void LayerOperations::normalise(const Norm& norm, const float* x, int n, float epsilon, float* y) const {
  if (config_.norm == NormKind::rms) return kernels_.rms_norm(x, norm.weight.data(), n, epsilon, y);
  kernels_.layer_norm(x, norm.weight.data(), norm.bias.empty() ? nullptr : norm.bias.data(), n, epsilon, y);
}

Rows LayerOperations::pre_norm(ThreadTeam& team, const Norm& norm) {
  Activations& a = activations_;
  if (norm.weight.empty()) return a.hidden;
  team.parallel_for(chunk_.size(), [&](int i) {
    normalise(norm, a.hidden[i], config_.hidden_size, config_.norm_epsilon, a.normed[i]);
  });
  return a.normed;
}

void LayerOperations::observe_input(ThreadTeam& team, Rows x, int tokens, const Matrix& matrix) const {
  if (chunk_.input_observer) chunk_.input_observer->observe(team, kernels_, x, tokens, matrix);
}

MatmulInput LayerOperations::prepare(ThreadTeam& team, Rows x, int tokens, const Matrix& matrix,
                                     ActivationBits bits) {
  if (!is_packed(matrix.storage)) return {x, {}};
  const MatmulInput input{x, codes_.view(tokens, matrix.cols, activation_format(matrix.storage, bits))};
  const auto quantise = kernels_.quantized->quantize_activations;
  if (tokens >= team.threads()) {
    for_each_token(team, tokens, [&](int i) { quantise(x[i], input.codes, i); });
    return input;
  }
  // Too few: each worker takes the columns it has mostly made itself.
  const int blocks = (matrix.cols + block_width - 1) / block_width;
  team.parallel_for(blocks, [&](int b) {
    for (int i = 0; i < tokens; ++i) quantise(x[i] + b * block_width, block_of(input.codes, b), i);
  });
  return input;
}

float* LayerOperations::scratch_of(int worker) {
  return any_packed_ ? scratch_memory_.floats() + scratch_stride_ * static_cast<std::size_t>(worker)
                     : nullptr;
}

void LayerOperations::multiply_all(ThreadTeam& team, Rows x, std::initializer_list<Product> products) {
  const int tokens = chunk_.size();
  int units = 0, rows_together = 0;
  for (const Product& p : products) rows_together += p.linear->weight.rows;
  const auto blocks_of = [&](const Product& p) {
    return RowBlocks(p.linear->weight, rows_together, team.threads(), tokens);
  };
  const Linear* decisive = products.begin()->linear;
  for (const Product& p : products) {
    units += blocks_of(p).count();
    if (is_packed(p.linear->weight.storage)) decisive = p.linear;
  }
  observe_input(team, x, tokens, decisive->weight);
  const MatmulInput input = prepare(team, x, tokens, decisive->weight);
  team.parallel_for(units, [&](int i, int worker) {
    for (const Product& p : products) {
      const RowBlocks blocks = blocks_of(p);
      if (i < blocks.count())
        return multiply(kernels_, *p.linear, blocks[i], input, tokens, p.y, scratch_of(worker));
      i -= blocks.count();
    }
  });
}

void LayerOperations::add_to_residual(ThreadTeam& team, const Linear& linear, Rows x, const Norm& post_norm) {
  Activations& a = activations_;
  if (!post_norm.weight.empty()) {
    multiply_all(team, x, {{&linear, a.product}});
    return add_product(team, post_norm);
  }
  const int tokens = chunk_.size();
  observe_input(team, x, tokens, linear.weight);
  const MatmulInput input = prepare(team, x, tokens, linear.weight);
  const RowBlocks blocks(linear.weight, team.threads(), tokens);
  team.parallel_for(blocks.count(), [&](int b, int worker) {
    const RowBlock block = blocks[b];
    multiply(kernels_, linear, block, input, tokens, a.product, scratch_of(worker));
    for (int i = 0; i < tokens; ++i)
      add_scaled_row(a.product[i] + block.first, block.rows, config_.residual_multiplier,
                     a.hidden[i] + block.first);
  });
}

void LayerOperations::add_product(ThreadTeam& team, const Norm& post_norm) {
  Activations& a = activations_;
  team.parallel_for(chunk_.size(), [&](int i) {
    if (!post_norm.weight.empty())
      normalise(post_norm, a.product[i], config_.hidden_size, config_.norm_epsilon, a.product[i]);
    add_scaled_row(a.product[i], config_.hidden_size, config_.residual_multiplier, a.hidden[i]);
  });
}

}  // namespace kelvin::engine
