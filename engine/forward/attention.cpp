#include "engine/forward/attention.h"

#include <algorithm>
#include <cstdint>

namespace kelvin::engine {
namespace {

using kernels::SpanAttention, kernels::attention_span, kernels::padded_to_lanes;

constexpr int max_query_rows = 48;  // of a group: enough to use each key often, few enough to share out
constexpr int few_query_rows = 6;   // so few that attention waits for memory

auto attend_of(const Kernels& kernels, KvStorage storage) {
  switch (storage) {
    case KvStorage::f32:
      return kernels.attend_f32;
    case KvStorage::f16:
      return kernels.attend_f16;
    case KvStorage::q8:
      return kernels.attend_q8;
  }
  return kernels.attend_f32;
}

}  // namespace

void Attention::Sums::resize(int query_rows, int width) {
  largest.resize(static_cast<std::size_t>(query_rows));
  sum.resize(static_cast<std::size_t>(query_rows));
  weighted.resize(static_cast<std::size_t>(query_rows) * width);
}

Attention::Attention(const Kernels& kernels, int n_heads, const KvShape& shape, int threads)
    : kernels_(kernels),
      attend_(attend_of(kernels, shape.storage)),
      shape_(shape),
      heads_per_kv_(n_heads / shape.kv_heads),
      width_(padded_to_lanes(shape.head_dim)),
      threads_(threads),
      scratch_(static_cast<std::size_t>(threads)) {
  const int max_rows = std::max(max_query_rows, heads_per_kv_);
  for (Scratch& scratch : scratch_) {
    scratch.q.resize(static_cast<std::size_t>(max_rows) * shape.head_dim);
    scratch.first.resize(static_cast<std::size_t>(max_rows));
    scratch.visible.resize(static_cast<std::size_t>(max_rows));
    scratch.rescale.resize(static_cast<std::size_t>(max_rows) * 2);
    scratch.span.resize(max_rows, width_);
    scratch.total.resize(max_rows, width_);
  }
}

void Attention::plan(std::span<const TokenRun> runs) {
  const int tokens_per_group = std::max(1, max_query_rows / heads_per_kv_);
  groups_.clear();
  spans_.clear();
  int all_spans = 0;
  for (const TokenRun& run : runs)
    for (int first = 0; first < run.tokens; first += tokens_per_group) {
      const int tokens = std::min(tokens_per_group, run.tokens - first);
      const TokenRun part{run.cache, run.row + first, tokens, run.position + first};
      for (int head = 0; head < shape_.kv_heads; ++head) {
        groups_.push_back({part, head, all_spans});
        all_spans += groups_.back().spans();
      }
    }

  // Few query rows each: what matters is that each thread reads memory in one ascending stream. The heads of
  // a span lie side by side.
  int largest = 0;
  for (const QueryGroup& group : groups_) largest = std::max(largest, query_rows(group));
  spans_shared_ = largest <= few_query_rows || groups_.size() < 2 * static_cast<std::size_t>(threads_);
  if (!spans_shared_) return;
  if (partials_.size() < static_cast<std::size_t>(all_spans))
    partials_.resize(static_cast<std::size_t>(all_spans));
  const int heads = shape_.kv_heads;
  for (int first = 0; first < static_cast<int>(groups_.size()); first += heads)
    for (int span = 0; span < groups_[first].spans(); ++span)
      for (int g = first; g < first + heads; ++g) {
        spans_.push_back({g, span});
        partials_[groups_[g].first_partial + span].resize(query_rows(groups_[g]), width_);
      }
}

void Attention::run(ThreadTeam& team, const AttentionLayer& layer, Rows q, Rows output) {
  const int window = layer.window;
  if (spans_shared_) {
    team.parallel_for(static_cast<int>(spans_.size()), [&](int i, int worker) {
      const QueryGroup& group = groups_[spans_[i].group];
      if (spans_[i].span < first_span(group, 0, window)) return;
      attend_span(group, layer, spans_[i].span, q, scratch_[worker],
                  partials_[group.first_partial + spans_[i].span]);
    });
    team.parallel_for(static_cast<int>(groups_.size()), [&](int g, int worker) {
      const QueryGroup& group = groups_[g];
      Scratch& scratch = scratch_[worker];
      for (int span = first_span(group, 0, window); span < group.spans(); ++span)
        merge(group, window, partials_[group.first_partial + span], span, scratch);
      finish(group, layer.value_dim, scratch.total, output);
    });
    return;
  }
  team.parallel_for(static_cast<int>(groups_.size()), [&](int g, int worker) {
    const QueryGroup& group = groups_[g];
    Scratch& scratch = scratch_[worker];
    for (int span = first_span(group, 0, window); span < group.spans(); ++span) {
      attend_span(group, layer, span, q, scratch, scratch.span);
      merge(group, window, scratch.span, span, scratch);
    }
    finish(group, layer.value_dim, scratch.total, output);
  });
}

// Query rows lie token by token, so those that see nothing of a span yet come first, and those whose window
// has left it last.
int Attention::first_row(const QueryGroup& group, int span) const {
  return std::max(0, span * attention_span - group.tokens.position) * heads_per_kv_;
}

int Attention::last_row(const QueryGroup& group, int span, int window) const {
  if (window == 0) return query_rows(group);
  const std::int64_t tokens = std::int64_t{span + 1} * attention_span + window - 1 - group.tokens.position;
  return static_cast<int>(std::clamp<std::int64_t>(tokens, 0, group.tokens.tokens)) * heads_per_kv_;
}

int Attention::first_span(const QueryGroup& group, int token, int window) {
  return window == 0 ? 0 : std::max(0, group.tokens.position + token - window + 1) / attention_span;
}

void Attention::attend_span(const QueryGroup& group, const AttentionLayer& layer, int span, Rows q,
                            Scratch& scratch, Sums& sums) const {
  const int first = first_row(group, span), last = last_row(group, span, layer.window);
  const std::size_t head_dim = static_cast<std::size_t>(shape_.head_dim);
  for (int row = first; row < last; ++row) {
    const int token = row / heads_per_kv_, position = group.tokens.position + token;
    const int head = group.kv_head * heads_per_kv_ + row % heads_per_kv_;
    const float* from = q[group.tokens.row + token] + head * head_dim;
    std::copy(from, from + head_dim, scratch.q.data() + row * head_dim);
    const int begin = span * attention_span;
    scratch.first[row] = layer.window == 0 ? 0 : std::max(0, position + 1 - layer.window - begin);
    scratch.visible[row] = std::min(position + 1 - begin, attention_span);
  }
  SpanAttention block;
  block.q = scratch.q.data() + first * head_dim;
  block.kv = group.tokens.cache->block(layer.layer, group.kv_head, span);
  block.rows = last - first;
  block.head_dim = shape_.head_dim;
  block.first = scratch.first.data() + first;
  block.visible = scratch.visible.data() + first;
  block.soft_cap = layer.soft_cap;
  block.largest = sums.largest.data() + first;
  block.sum = sums.sum.data() + first;
  block.weighted = sums.weighted.data() + static_cast<std::size_t>(first) * width_;
  attend_(block);
}

void Attention::merge(const QueryGroup& group, int window, const Sums& sums, int span,
                      Scratch& scratch) const {
  Sums& total = scratch.total;
  const int first = first_row(group, span), last = last_row(group, span, window);
  // With a window the rows of later tokens begin in later spans.
  int begun = first;
  while (begun < last && first_span(group, begun / heads_per_kv_, window) < span) begun += heads_per_kv_;
  const std::size_t width = static_cast<std::size_t>(width_);
  std::copy(sums.largest.begin() + begun, sums.largest.begin() + last, total.largest.begin() + begun);
  std::copy(sums.sum.begin() + begun, sums.sum.begin() + last, total.sum.begin() + begun);
  std::copy_n(sums.weighted.data() + begun * width, (last - begun) * width,
              total.weighted.data() + begun * width);

  float* rescale = scratch.rescale.data();  // per row: of the total, of the span
  for (int row = first; row < begun; ++row) {
    const float before = total.largest[row], now = sums.largest[row];
    total.largest[row] = now > before ? now : before;
    rescale[2 * row] = before - total.largest[row];
    rescale[2 * row + 1] = now - total.largest[row];
  }
  kernels_.exp(rescale + 2 * first, 2 * (begun - first), rescale + 2 * first);
  for (int row = first; row < begun; ++row) {
    const float old_part = rescale[2 * row], new_part = rescale[2 * row + 1];
    total.sum[row] = total.sum[row] * old_part + sums.sum[row] * new_part;
    float* to = total.weighted.data() + static_cast<std::size_t>(row) * width;
    const float* from = sums.weighted.data() + static_cast<std::size_t>(row) * width;
    for (int d = 0; d < width_; ++d) to[d] = to[d] * old_part + from[d] * new_part;
  }
}

void Attention::finish(const QueryGroup& group, int value_dim, const Sums& total, Rows output) const {
  for (int row = 0; row < query_rows(group); ++row) {
    const int head = group.kv_head * heads_per_kv_ + row % heads_per_kv_;
    float* to = output[group.tokens.row + row / heads_per_kv_] + static_cast<std::size_t>(head) * value_dim;
    const float* from = total.weighted.data() + static_cast<std::size_t>(row) * width_;
    for (int d = 0; d < value_dim; ++d) to[d] = from[d] / total.sum[row];
  }
}

}  // namespace kelvin::engine
