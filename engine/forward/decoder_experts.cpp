// MLPs chosen per token. The tokens of a chunk are gathered by expert, so that each expert's weights are read
// once; what a token gets depends on its own row alone.
#include <algorithm>

#include "engine/forward/decoder.h"
#include "engine/platform/portable_math.h"

namespace kelvin {

// Leaves the sum of the experts' answers in product_.
void Decoder::experts_part(ThreadTeam::Member& member, const LayerWeights& w, Rows x) {
  const ExpertSpec& spec = config_.experts;
  const int n_rows = static_cast<int>(rows_.size()), hidden = config_.hidden_size;
  const std::size_t per_token = static_cast<std::size_t>(spec.per_token);
  if (spec.shared_gate)
    multiply_all(member, x, {{&w.router, router_logits_}, {&w.shared_gate, shared_gate_}});
  else
    multiply_all(member, x, {{&w.router, router_logits_}});
  member.share(n_rows, [&](int i) {
    route(spec, {router_logits_[i], static_cast<std::size_t>(spec.count)}, w.router_correction,
          std::span(chosen_).subspan(i * per_token, per_token));
  });
  if (member.rank() == 0) group_by_expert();
  member.barrier();
  member.share(n_rows, [&](int i) {
    for (std::size_t j = i * per_token; j < (i + 1) * per_token; ++j)
      std::copy_n(x[i], hidden, expert_in_[slots_[j]]);
  });

  float* const scratch = scratch_of(member);
  const auto part = [](Rows rows, const ExpertGroup& group) { return Rows{rows[group.first], rows.stride}; };
  share_experts(member, w, expert_in_, &Mlp::up,
                [&](const Mlp& mlp, RowBlock block, const MatmulInput& input, const ExpertGroup& group) {
                  gate_up(mlp, block, input, group.count, part(expert_gate_, group), part(expert_up_, group),
                          scratch);
                });
  // The gathered inputs are done with; the answers take their place.
  share_experts(member, w, expert_gate_, &Mlp::down,
                [&](const Mlp& mlp, RowBlock block, const MatmulInput& input, const ExpertGroup& group) {
                  multiply(kernels_, mlp.down, block, input, group.count, part(expert_in_, group), scratch);
                });

  if (spec.shared_intermediate_size > 0) {
    plain_mlp(member, w.mlp, x);
    multiply_all(member, gate_, {{&w.mlp.down, product_}});
  }
  member.share(n_rows, [&](int i) { mix_experts(i); });
}

// Gives every choice a row of expert_in_, those of an expert side by side.
void Decoder::group_by_expert() {
  std::vector<int> counts(static_cast<std::size_t>(config_.experts.count));
  const std::size_t n = rows_.size() * static_cast<std::size_t>(config_.experts.per_token);
  for (std::size_t i = 0; i < n; ++i) ++counts[chosen_[i].expert];
  groups_.clear();
  int first = 0;
  for (int expert = 0; expert < config_.experts.count; ++expert) {
    const int count = counts[expert];
    if (count > 0) groups_.push_back({expert, first, count});
    counts[expert] = first;
    first += count;
  }
  for (std::size_t i = 0; i < n; ++i) slots_[i] = counts[chosen_[i].expert]++;
}

// Each expert's rows of x with blocks of its matrix of one kind.
template <class Work>
void Decoder::share_experts(ThreadTeam::Member& member, const LayerWeights& w, Rows x, Linear Mlp::*shape,
                            Work work) {
  // All experts have the same shapes, hence the same blocks.
  const Matrix& any = (w.experts.front().*shape).weight;
  const int n_groups = static_cast<int>(groups_.size());
  for (const ExpertGroup& group : groups_)
    gather(member, {x[group.first], x.stride}, group.count,
           (w.experts[static_cast<std::size_t>(group.expert)].*shape).weight);
  kernels::QuantizedActivations codes{};
  if (is_packed(any.storage)) {
    const auto bits = shape == &Mlp::up ? ActivationBits::eight : ActivationBits::sixteen;
    codes = codes_.view(groups_.back().first + groups_.back().count, any.cols,
                        activation_format(any.storage, bits));
    member.share(n_groups, [&](int g) {
      const kernels::QuantizedActivations of_group = rows_of(codes, groups_[g].first, groups_[g].count);
      for (int i = 0; i < groups_[g].count; ++i)
        kernels_.quantized->quantize_activations(x[groups_[g].first + i], of_group, i);
    });
  }
  const RowBlocks blocks(any, member.size(), static_cast<int>(rows_.size()));
  member.share_runs(n_groups * blocks.count(), [&](int i) {
    const ExpertGroup& group = groups_[static_cast<std::size_t>(i / blocks.count())];
    MatmulInput input{{x[group.first], x.stride}, {}};
    if (codes.codes) input.codes = rows_of(codes, group.first, group.count);
    work(w.experts[static_cast<std::size_t>(group.expert)], blocks[i % blocks.count()], input, group);
  });
}

// Adds up a token's answers, ascending by expert, then that of the shared expert.
void Decoder::mix_experts(int row) {
  const ExpertSpec& spec = config_.experts;
  const int hidden = config_.hidden_size;
  float* const sum = normed_[row];
  std::fill_n(sum, hidden, 0.0f);
  for (int j = row * spec.per_token; j < (row + 1) * spec.per_token; ++j) {
    const float* const answer = expert_in_[slots_[j]];
    for (int d = 0; d < hidden; ++d) sum[d] += chosen_[j].weight * answer[d];
  }
  float* const product = product_[row];
  if (spec.shared_intermediate_size == 0) {
    std::copy_n(sum, hidden, product);
    return;
  }
  const float gate =
      spec.shared_gate ? static_cast<float>(1.0 / (1.0 + portable::exp(-shared_gate_[row][0]))) : 1.0f;
  for (int d = 0; d < hidden; ++d) product[d] = sum[d] + gate * product[d];
}

}  // namespace kelvin
