// The two halves of a layer. Families differ in which norms and projections a layer has, and in numbers; the
// steps are the same.
#include <algorithm>
#include <cmath>

#include "engine/forward/decoder.h"

namespace kelvin {
namespace {

// Of the norms inside latent attention; configs do not say it.
constexpr float latent_epsilon = 1e-6f;

void add(const float* from, int n, float multiplier, float* to) {
  for (int i = 0; i < n; ++i) to[i] += multiplier * from[i];
}

// Neighbouring tokens write into the same cache lines of codes' scales and of key panels, so that each thread
// takes some together.
template <class Work>
void share_tokens(ThreadTeam::Member& member, int tokens, Work work) {
  const int together = std::clamp(tokens / (4 * member.size()), 1, 16);
  member.share((tokens + together - 1) / together, [&](int unit) {
    for (int i = unit * together; i < std::min(tokens, (unit + 1) * together); ++i) work(i);
  });
}

}  // namespace

void Decoder::normalise(const Norm& norm, const float* x, int n, float epsilon, float* y) const {
  if (config_.norm == NormKind::rms) return kernels_.rms_norm(x, norm.weight.data(), n, epsilon, y);
  kernels_.layer_norm(x, norm.weight.data(), norm.bias.empty() ? nullptr : norm.bias.data(), n, epsilon, y);
}

// What a half of a layer reads: the residual stream, normalised where it has a norm before.
Rows Decoder::input(ThreadTeam::Member& member, const Norm& norm) {
  if (norm.weight.empty()) return hidden_;
  member.share(static_cast<int>(rows_.size()), [&](int i) {
    normalise(norm, hidden_[i], config_.hidden_size, config_.norm_epsilon, normed_[i]);
  });
  return normed_;
}

MatmulInput Decoder::prepare(ThreadTeam::Member& member, Rows x, int tokens, const Matrix& matrix,
                             ActivationBits bits) {
  if (!is_packed(matrix.storage)) return {x, {}};
  const MatmulInput input{x, codes_.view(tokens, matrix.cols, activation_format(matrix.storage, bits))};
  const auto quantise = kernels_.quantized->quantize_activations;
  if (tokens >= member.size()) {
    share_tokens(member, tokens, [&](int i) { quantise(x[i], input.codes, i); });
    return input;
  }
  // Too few: each member takes the columns it has mostly made itself.
  const int blocks = (matrix.cols + kernels::block_width - 1) / kernels::block_width;
  member.share_runs(blocks, [&](int b) {
    for (int i = 0; i < tokens; ++i) quantise(x[i] + b * kernels::block_width, block_of(input.codes, b), i);
  });
  return input;
}

float* Decoder::scratch_of(const ThreadTeam::Member& member) {
  return any_packed_ ? scratch_memory_.floats() + scratch_stride_ * static_cast<std::size_t>(member.rank())
                     : nullptr;
}

void Decoder::multiply_all(ThreadTeam::Member& member, Rows x, std::initializer_list<Product> products) {
  const int n_rows = static_cast<int>(rows_.size());
  int units = 0, rows_together = 0;
  for (const Product& p : products) rows_together += p.linear->weight.rows;
  const auto blocks_of = [&](const Product& p) {
    return RowBlocks(p.linear->weight, rows_together, member.size(), n_rows);
  };
  const Linear* decisive = products.begin()->linear;
  for (const Product& p : products) {
    units += blocks_of(p).count();
    if (is_packed(p.linear->weight.storage)) decisive = p.linear;
  }
  gather(member, x, n_rows, decisive->weight);
  const MatmulInput input = prepare(member, x, n_rows, decisive->weight);
  float* const scratch = scratch_of(member);
  member.share_runs(units, [&](int i) {
    for (const Product& p : products) {
      const RowBlocks blocks = blocks_of(p);
      if (i < blocks.count()) return multiply(kernels_, *p.linear, blocks[i], input, n_rows, p.y, scratch);
      i -= blocks.count();
    }
  });
}

void Decoder::attention_part(ThreadTeam::Member& member, int layer) {
  const LayerWeights& w = weights_.layers[static_cast<std::size_t>(layer)];
  const Rows x = input(member, w.attention_norm);
  lap(member, PassPart::norms);
  if (config_.latent.key_value_rank > 0)
    latent_projections(member, w, x);
  else
    multiply_all(member, x, {{&w.q, q_}, {&w.k, k_}, {&w.v, v_}});
  lap(member, PassPart::projections);
  share_tokens(member, static_cast<int>(rows_.size()), [&](int i) { place_heads(w, layer, i); });
  lap(member, PassPart::rotation);
  const LayerSpec& spec = config_.layers[static_cast<std::size_t>(layer)];
  attention_.run(member, {layer, config_.value_dim, spec.window, config_.attention_soft_cap}, q_, mixed_);
  lap(member, PassPart::attention);
  add_to_residual(member, w.o, mixed_, w.attention_post_norm);
  lap(member, PassPart::attention_out);
}

void Decoder::latent_projections(ThreadTeam::Member& member, const LayerWeights& w, Rows x) {
  const LatentSpec& latent = config_.latent;
  const bool short_queries = latent.query_rank > 0;
  multiply_all(
      member, x,
      {{&w.kv_down, kv_latent_}, {short_queries ? &w.q_down : &w.q, short_queries ? q_latent_ : q_}});
  member.share(static_cast<int>(rows_.size()), [&](int i) {
    normalise(w.kv_down_norm, kv_latent_[i], latent.key_value_rank, latent_epsilon, kv_latent_[i]);
    if (short_queries)
      normalise(w.q_down_norm, q_latent_[i], latent.query_rank, latent_epsilon, q_latent_[i]);
  });
  if (short_queries) multiply_all(member, q_latent_, {{&w.q, q_}});
  multiply_all(member, kv_latent_, {{&w.kv_up, kv_}});
  member.share(static_cast<int>(rows_.size()), [&](int i) { unfold_latent(i); });
}

// Keys and values of all heads as plain attention has them: values are filled up with zeros.
void Decoder::unfold_latent(int row) {
  const int plain = config_.latent.unrotated_dims, rotated = config_.head_dim - plain;
  const float* from = kv_[row];
  const float* const common = kv_latent_[row] + config_.latent.key_value_rank;
  for (int head = 0; head < config_.n_heads; ++head) {
    float* const key = k_[row] + head * config_.head_dim;
    float* const value = v_[row] + head * config_.head_dim;
    std::copy_n(common, rotated, std::copy_n(from, plain, key));
    std::fill(std::copy_n(from + plain, config_.value_dim, value), value + config_.head_dim, 0.0f);
    from += plain + config_.value_dim;
  }
}

// Norms of queries and keys, rotation, the cache.
void Decoder::place_heads(const LayerWeights& w, int layer, int row) {
  const LayerSpec& spec = config_.layers[static_cast<std::size_t>(layer)];
  const int head_dim = config_.head_dim;
  const auto head_norm = [&](const Norm& norm, int heads, float* x) {
    if (config_.head_norm == HeadNorm::none) return;
    if (config_.head_norm == HeadNorm::whole)
      return normalise(norm, x, heads * head_dim, config_.norm_epsilon, x);
    const std::size_t step = config_.head_norm == HeadNorm::own ? static_cast<std::size_t>(head_dim) : 0;
    for (int head = 0; head < heads; ++head) {
      const Norm of_head{norm.weight.subspan(head * step, static_cast<std::size_t>(head_dim)), {}};
      normalise(of_head, x + head * head_dim, head_dim, config_.norm_epsilon, x + head * head_dim);
    }
  };
  head_norm(w.q_norm, config_.n_heads, q_[row]);
  head_norm(w.k_norm, config_.n_kv_heads, k_[row]);

  const auto turn = [&](float* head, float scale) {
    if (spec.rope < 0) {
      for (int d = 0; d < head_dim; ++d) head[d] *= scale;
      return;
    }
    const int first = ropes_.first_pair(spec.rope);
    ropes_[spec.rope].rotate(head, cosines_[row] + first, sines_[row] + first, head_dim, scale);
  };
  // Scores are scaled by scaling the queries.
  const float scale = config_.attention_scale.value_or(1.0f / std::sqrt(static_cast<float>(head_dim)));
  for (int head = 0; head < config_.n_heads; ++head) turn(q_[row] + head * head_dim, scale);
  for (int head = 0; head < config_.n_kv_heads; ++head) {
    float* const key = k_[row] + head * head_dim;
    turn(key, 1.0f);
    rows_[row].cache->store(layer, head, rows_[row].position, key, v_[row] + head * head_dim);
  }
}

void Decoder::mlp_part(ThreadTeam::Member& member, int layer) {
  const LayerWeights& w = weights_.layers[static_cast<std::size_t>(layer)];
  const Rows x = config_.parallel ? normed_ : input(member, w.mlp_norm);
  lap(member, PassPart::norms);
  if (config_.layers[static_cast<std::size_t>(layer)].experts) {
    experts_part(member, w, x);
    lap(member, PassPart::mlp_up);
    add_product(member, w.mlp_post_norm);
  } else {
    plain_mlp(member, w.mlp, x);
    lap(member, PassPart::mlp_up);
    add_to_residual(member, w.mlp.down, gate_, w.mlp_post_norm);
  }
  lap(member, PassPart::mlp_down);
}

// All of an MLP but its last matrix; leaves it in gate_.
void Decoder::plain_mlp(ThreadTeam::Member& member, const Mlp& mlp, Rows x) {
  const int n_rows = static_cast<int>(rows_.size());
  gather(member, x, n_rows, mlp.up.weight);
  const MatmulInput input = prepare(member, x, n_rows, mlp.up.weight, ActivationBits::eight);
  float* const scratch = scratch_of(member);
  const RowBlocks blocks(mlp.up.weight, member.size(), n_rows);
  member.share_runs(blocks.count(),
                    [&](int b) { gate_up(mlp, blocks[b], input, n_rows, gate_, up_, scratch); });
}

// The inner activations of an MLP, into `gate`.
void Decoder::gate_up(const Mlp& mlp, RowBlock block, const MatmulInput& x, int rows, Rows gate, Rows up,
                      float* scratch) const {
  if (config_.gated) multiply(kernels_, mlp.gate, block, x, rows, gate, scratch);
  multiply(kernels_, mlp.up, block, x, rows, config_.gated ? up : gate, scratch);
  const auto activate = [&] {
    switch (config_.activation) {
      case Activation::silu:
        return kernels_.silu_multiply;
      case Activation::gelu_erf:
        return kernels_.gelu_erf_multiply;
      case Activation::gelu_tanh:
        return kernels_.gelu_tanh_multiply;
    }
    return kernels_.silu_multiply;
  }();
  for (int i = 0; i < rows; ++i) {
    float* const to = gate[i] + block.first;
    activate(to, config_.gated ? up[i] + block.first : nullptr, block.rows, to);
  }
}

void Decoder::add_to_residual(ThreadTeam::Member& member, const Linear& linear, Rows x,
                              const Norm& post_norm) {
  if (!post_norm.weight.empty()) {
    multiply_all(member, x, {{&linear, product_}});
    return add_product(member, post_norm);
  }
  const int n_rows = static_cast<int>(rows_.size());
  gather(member, x, n_rows, linear.weight);
  const MatmulInput input = prepare(member, x, n_rows, linear.weight);
  float* const scratch = scratch_of(member);
  const RowBlocks blocks(linear.weight, member.size(), n_rows);
  member.share_runs(blocks.count(), [&](int b) {
    const RowBlock block = blocks[b];
    multiply(kernels_, linear, block, input, n_rows, product_, scratch);
    for (int i = 0; i < n_rows; ++i)
      add(product_[i] + block.first, block.rows, config_.residual_multiplier, hidden_[i] + block.first);
  });
}

void Decoder::add_product(ThreadTeam::Member& member, const Norm& post_norm) {
  member.share(static_cast<int>(rows_.size()), [&](int i) {
    if (!post_norm.weight.empty())
      normalise(post_norm, product_[i], config_.hidden_size, config_.norm_epsilon, product_[i]);
    add(product_[i], config_.hidden_size, config_.residual_multiplier, hidden_[i]);
  });
}

}  // namespace kelvin
