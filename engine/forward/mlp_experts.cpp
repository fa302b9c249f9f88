// MLPs chosen per token. The tokens of a chunk are gathered by expert, so that each expert's weights are read
// once; what a token gets depends on its own row alone.
#include <algorithm>

#include "engine/forward/mlp_sublayer.h"
#include "engine/kernels/quantized.h"
#include "engine/platform/portable_math.h"

namespace kelvin::engine {

namespace {

// All experts have the same shapes, but a file may store them differently.
const Matrix& decisive_of_experts(const LayerWeights& w, Linear Mlp::*shape) {
  const Matrix* found = &(w.experts.front().*shape).weight;
  for (const Mlp& mlp : w.experts) {
    if (is_packed(found->storage)) break;
    found = &decisive((mlp.*shape).weight, *found);
    if (shape == &Mlp::up) found = &decisive(mlp.gate.weight, *found);
  }
  return *found;
}

}  // namespace

// Leaves the sum of the experts' answers in Activations::product.
void MlpSublayer::experts(ThreadTeam& team, const LayerWeights& w, Rows x) {
  const ExpertSpec& spec = config_.experts;
  Activations& a = activations_;
  const int tokens = operations_.chunk().size(), hidden = config_.hidden_size;
  const std::size_t per_token = static_cast<std::size_t>(spec.per_token);
  if (spec.shared_gate)
    operations_.multiply_all(team, x, {{&w.router, a.router_logits}, {&w.shared_gate, a.shared_gate}});
  else
    operations_.multiply_all(team, x, {{&w.router, a.router_logits}});
  team.parallel_for(tokens, [&](int i) {
    route(spec, {a.router_logits[i], static_cast<std::size_t>(spec.count)}, w.router_correction,
          std::span(chosen_).subspan(i * per_token, per_token));
  });
  batch_by_expert();
  team.parallel_for(tokens, [&](int i) {
    for (std::size_t j = i * per_token; j < (i + 1) * per_token; ++j)
      std::copy_n(x[i], hidden, a.expert_in[slots_[j]]);
  });

  multiply_batches(team, w, a.expert_in, &Mlp::up,
                   [&](const Mlp& mlp, RowBlock block, const MatmulInput& input, const ExpertBatch& batch,
                       float* scratch) {
                     gate_up(mlp, block, input, batch.count, a.expert_gate.from(batch.first),
                             a.expert_up.from(batch.first), scratch);
                   });
  // The gathered inputs are done with; the answers take their place.
  multiply_batches(team, w, a.expert_gate, &Mlp::down,
                   [&](const Mlp& mlp, RowBlock block, const MatmulInput& input, const ExpertBatch& batch,
                       float* scratch) {
                     multiply(operations_.kernels(), mlp.down, block, input, batch.count,
                              a.expert_in.from(batch.first), scratch);
                   });

  if (spec.shared_intermediate_size > 0) {
    up_projection(team, w.mlp, x);
    operations_.multiply_all(team, a.gate, {{&w.mlp.down, a.product}});
  }
  team.parallel_for(tokens, [&](int i) { mix_experts(i); });
}

// Gives every choice a row of expert_in, those of an expert side by side.
void MlpSublayer::batch_by_expert() {
  std::vector<int> counts(static_cast<std::size_t>(config_.experts.count));
  const std::size_t n = operations_.chunk().rows.size() * static_cast<std::size_t>(config_.experts.per_token);
  for (std::size_t i = 0; i < n; ++i) ++counts[chosen_[i].expert];
  batches_.clear();
  int first = 0;
  for (int expert = 0; expert < config_.experts.count; ++expert) {
    const int count = counts[expert];
    if (count > 0) batches_.push_back({expert, first, count});
    counts[expert] = first;
    first += count;
  }
  for (std::size_t i = 0; i < n; ++i) slots_[i] = counts[chosen_[i].expert]++;
}

// Each expert's rows of x with blocks of its matrix of one kind.
template <class Work>
void MlpSublayer::multiply_batches(ThreadTeam& team, const LayerWeights& w, Rows x, Linear Mlp::*shape,
                                   Work work) {
  const Matrix& any = decisive_of_experts(w, shape);
  const int n_batches = static_cast<int>(batches_.size());
  for (const ExpertBatch& batch : batches_)
    operations_.observe_input(team, x.from(batch.first), batch.count,
                              (w.experts[static_cast<std::size_t>(batch.expert)].*shape).weight);
  kernels::QuantizedActivations codes{};
  if (is_packed(any.storage)) {
    const auto bits = shape == &Mlp::up ? ActivationBits::eight : ActivationBits::sixteen;
    codes = operations_.codes().view(batches_.back().first + batches_.back().count, any.cols,
                                     activation_format(any.storage, bits));
    team.parallel_for(n_batches, [&](int b) {
      const ExpertBatch& batch = batches_[static_cast<std::size_t>(b)];
      const kernels::QuantizedActivations of_batch = rows_of(codes, batch.first, batch.count);
      for (int i = 0; i < batch.count; ++i)
        operations_.kernels().quantized->quantize_activations(x[batch.first + i], of_batch, i);
    });
  }
  const RowBlocks blocks(any, team.threads(), operations_.chunk().size());
  team.parallel_for(n_batches * blocks.count(), [&](int i, int worker) {
    const ExpertBatch& batch = batches_[static_cast<std::size_t>(i / blocks.count())];
    MatmulInput input{x.from(batch.first), {}};
    if (codes.codes) input.codes = rows_of(codes, batch.first, batch.count);
    work(w.experts[static_cast<std::size_t>(batch.expert)], blocks[i % blocks.count()], input, batch,
         operations_.scratch_of(worker));
  });
}

// Adds up a token's answers, ascending by expert, then that of the shared expert.
void MlpSublayer::mix_experts(int row) {
  const ExpertSpec& spec = config_.experts;
  const int hidden = config_.hidden_size;
  float* const sum = activations_.normed[row];
  std::fill_n(sum, hidden, 0.0f);
  for (int j = row * spec.per_token; j < (row + 1) * spec.per_token; ++j) {
    const float* const answer = activations_.expert_in[slots_[j]];
    for (int d = 0; d < hidden; ++d) sum[d] += chosen_[j].weight * answer[d];
  }
  float* const product = activations_.product[row];
  if (spec.shared_intermediate_size == 0) {
    std::copy_n(sum, hidden, product);
    return;
  }
  const float gate = spec.shared_gate
                         ? static_cast<float>(1.0 / (1.0 + portable::exp(-activations_.shared_gate[row][0])))
                         : 1.0f;
  for (int d = 0; d < hidden; ++d) product[d] = sum[d] + gate * product[d];
}

}  // namespace kelvin::engine
