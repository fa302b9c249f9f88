#include "engine/forward/attention_sublayer.h"

#include <algorithm>
#include <cmath>

#include "engine/forward/kv_cache.h"

namespace kelvin::engine {
namespace {

// Of the norms inside latent attention; configs do not say it.
constexpr float latent_epsilon = 1e-6f;

}  // namespace

AttentionSublayer::AttentionSublayer(const ModelConfig& config, const RopeSet& ropes,
                                     LayerOperations& operations, Activations& activations, KvStorage kv,
                                     int threads)
    : config_(config),
      ropes_(ropes),
      operations_(operations),
      activations_(activations),
      attention_(operations.kernels(), config.n_heads,
                 {config.n_layers, config.n_kv_heads, config.head_dim, kv}, threads) {}

void AttentionSublayer::place(const Row& row, int index) const {
  ropes_.angles(*row.frequencies, row.position, activations_.cosines[index], activations_.sines[index]);
}

void AttentionSublayer::run(ThreadTeam& team, const LayerWeights& w, int layer) {
  Activations& a = activations_;
  Chunk& chunk = operations_.chunk();
  const Rows x = operations_.pre_norm(team, w.attention_norm);
  chunk.profile(PassPart::norms);
  if (config_.latent.key_value_rank > 0)
    latent_projections(team, w, x);
  else
    operations_.multiply_all(team, x, {{&w.q, a.q}, {&w.k, a.k}, {&w.v, a.v}});
  chunk.profile(PassPart::projections);
  for_each_token(team, chunk.size(), [&](int i) { qk_norm_rope_store(w, layer, i); });
  chunk.profile(PassPart::rotation);
  const int window = config_.layers[static_cast<std::size_t>(layer)].window;
  attention_.run(team, {layer, config_.value_dim, window, config_.attention_soft_cap}, a.q,
                 a.attention_output);
  chunk.profile(PassPart::attention);
  operations_.add_to_residual(team, w.o, a.attention_output, w.attention_post_norm);
  chunk.profile(PassPart::attention_out);
}

void AttentionSublayer::latent_projections(ThreadTeam& team, const LayerWeights& w, Rows x) {
  const LatentSpec& latent = config_.latent;
  Activations& a = activations_;
  const bool short_queries = latent.query_rank > 0;
  operations_.multiply_all(team, x,
                           {{&w.kv_down, a.kv_compressed},
                            {short_queries ? &w.q_down : &w.q, short_queries ? a.q_compressed : a.q}});
  team.parallel_for(operations_.chunk().size(), [&](int i) {
    operations_.normalise(w.kv_down_norm, a.kv_compressed[i], latent.key_value_rank, latent_epsilon,
                          a.kv_compressed[i]);
    if (short_queries)
      operations_.normalise(w.q_down_norm, a.q_compressed[i], latent.query_rank, latent_epsilon,
                            a.q_compressed[i]);
  });
  if (short_queries) operations_.multiply_all(team, a.q_compressed, {{&w.q, a.q}});
  operations_.multiply_all(team, a.kv_compressed, {{&w.kv_up, a.kv_expanded}});
  team.parallel_for(operations_.chunk().size(), [&](int i) { expand_kv(i); });
}

// Keys and values of all heads as plain attention has them: values are filled up with zeros.
void AttentionSublayer::expand_kv(int row) {
  const int plain = config_.latent.unrotated_dims, rotated = config_.head_dim - plain;
  const float* from = activations_.kv_expanded[row];
  const float* const common = activations_.kv_compressed[row] + config_.latent.key_value_rank;
  for (int head = 0; head < config_.n_heads; ++head) {
    float* const key = activations_.k[row] + head * config_.head_dim;
    float* const value = activations_.v[row] + head * config_.head_dim;
    std::copy_n(common, rotated, std::copy_n(from, plain, key));
    std::fill(std::copy_n(from + plain, config_.value_dim, value), value + config_.head_dim, 0.0f);
    from += plain + config_.value_dim;
  }
}

void AttentionSublayer::qk_norm(const Norm& norm, int heads, float* x) const {
  const int head_dim = config_.head_dim;
  if (config_.head_norm == HeadNorm::none) return;
  if (config_.head_norm == HeadNorm::all_heads)
    return operations_.normalise(norm, x, heads * head_dim, config_.norm_epsilon, x);
  const std::size_t step = config_.head_norm == HeadNorm::own ? static_cast<std::size_t>(head_dim) : 0;
  for (int head = 0; head < heads; ++head) {
    const Norm of_head{norm.weight.subspan(head * step, static_cast<std::size_t>(head_dim)), {}};
    operations_.normalise(of_head, x + head * head_dim, head_dim, config_.norm_epsilon, x + head * head_dim);
  }
}

void AttentionSublayer::apply_rope(int rope, int row, float scale, float* head) const {
  if (rope < 0) {
    for (int d = 0; d < config_.head_dim; ++d) head[d] *= scale;
    return;
  }
  const int first = ropes_.first_pair(rope);
  ropes_[rope].rotate(head, activations_.cosines[row] + first, activations_.sines[row] + first,
                      config_.head_dim, scale);
}

void AttentionSublayer::qk_norm_rope_store(const LayerWeights& w, int layer, int row) {
  const int rope = config_.layers[static_cast<std::size_t>(layer)].rope, head_dim = config_.head_dim;
  Activations& a = activations_;
  qk_norm(w.q_norm, config_.n_heads, a.q[row]);
  qk_norm(w.k_norm, config_.n_kv_heads, a.k[row]);
  // Scores are scaled by scaling the queries.
  const float scale = config_.attention_scale.value_or(1.0f / std::sqrt(static_cast<float>(head_dim)));
  for (int head = 0; head < config_.n_heads; ++head) apply_rope(rope, row, scale, a.q[row] + head * head_dim);
  const Row& token = operations_.chunk().rows[row];
  for (int head = 0; head < config_.n_kv_heads; ++head) {
    float* const key = a.k[row] + head * head_dim;
    apply_rope(rope, row, 1.0f, key);
    token.cache->store(layer, head, token.position, key, a.v[row] + head * head_dim);
  }
}

}  // namespace kelvin::engine
