#include "engine/attention.h"

#include <algorithm>

namespace kelvin {
namespace {

constexpr int most_query_rows = 48;  // of a group: enough to use each key often, few enough to share out
constexpr int few_query_rows = 6;    // so few that attention waits for memory
constexpr int takes_per_thread = 8;

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
  const int most = std::max(most_query_rows, heads_per_kv_);
  for (Scratch& scratch : scratch_) {
    scratch.q.resize(static_cast<std::size_t>(most) * shape.head_dim);
    scratch.visible.resize(static_cast<std::size_t>(most));
    scratch.rescale.resize(static_cast<std::size_t>(most) * 2);
    scratch.span.resize(most, width_);
    scratch.total.resize(most, width_);
  }
}

void Attention::plan(std::span<const TokenRun> runs) {
  const int tokens_per_group = std::max(1, most_query_rows / heads_per_kv_);
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

  // Few query rows each: what matters is that memory is read in one ascending stream by all threads together.
  // The heads of a span lie side by side.
  int most_rows = 0;
  for (const Group& group : groups_) most_rows = std::max(most_rows, query_rows(group));
  spans_shared_ = most_rows <= few_query_rows || groups_.size() < 2 * static_cast<std::size_t>(threads_);
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
  spans_at_once_ = std::max(1, all_spans / (threads_ * takes_per_thread));
}

void Attention::run(ThreadTeam::Member& member, int layer, Rows q, Rows mixed) {
  Scratch& scratch = scratch_[member.rank()];
  if (spans_shared_) {
    const int spans = static_cast<int>(spans_.size()), at_once = spans_at_once_;
    member.share((spans + at_once - 1) / at_once, [&](int take) {
      for (int i = take * at_once; i < std::min(spans, (take + 1) * at_once); ++i) {
        const Group& group = groups_[spans_[i].group];
        attend_span(group, layer, spans_[i].span, q, scratch,
                    partials_[group.first_partial + spans_[i].span]);
      }
    });
    member.share(static_cast<int>(groups_.size()), [&](int g) {
      const Group& group = groups_[g];
      for (int span = 0; span < group.spans(); ++span)
        merge(partials_[group.first_partial + span], first_row(group, span), query_rows(group), span == 0,
              scratch);
      finish(group, scratch.total, mixed);
    });
    return;
  }
  member.share(static_cast<int>(groups_.size()), [&](int g) {
    const Group& group = groups_[g];
    for (int span = 0; span < group.spans(); ++span) {
      attend_span(group, layer, span, q, scratch, scratch.span);
      merge(scratch.span, first_row(group, span), query_rows(group), span == 0, scratch);
    }
    finish(group, scratch.total, mixed);
  });
}

// Query rows lie token by token, so those that see nothing of a span come first.
int Attention::first_row(const Group& group, int span) const {
  return std::max(0, span * attention_span - group.tokens.position) * heads_per_kv_;
}

void Attention::attend_span(const Group& group, int layer, int span, Rows q, Scratch& scratch,
                            Sums& sums) const {
  const int rows = query_rows(group), first = first_row(group, span);
  const std::size_t head_dim = static_cast<std::size_t>(shape_.head_dim);
  for (int row = first; row < rows; ++row) {
    const int token = row / heads_per_kv_;
    const int head = group.kv_head * heads_per_kv_ + row % heads_per_kv_;
    const float* from = q[group.tokens.row + token] + head * head_dim;
    std::copy(from, from + head_dim, scratch.q.data() + row * head_dim);
    scratch.visible[row] =
        std::min(group.tokens.position + token + 1 - span * attention_span, attention_span);
  }
  AttentionBlock block;
  block.q = scratch.q.data() + first * head_dim;
  block.kv = group.tokens.cache->block(layer, group.kv_head, span);
  block.rows = rows - first;
  block.head_dim = shape_.head_dim;
  block.visible = scratch.visible.data() + first;
  block.largest = sums.largest.data() + first;
  block.sum = sums.sum.data() + first;
  block.weighted = sums.weighted.data() + static_cast<std::size_t>(first) * width_;
  attend_(block);
}

void Attention::merge(const Sums& span, int first_row, int query_rows, bool first_span,
                      Scratch& scratch) const {
  Sums& total = scratch.total;
  if (first_span) {
    std::copy_n(span.largest.begin(), query_rows, total.largest.begin());
    std::copy_n(span.sum.begin(), query_rows, total.sum.begin());
    std::copy_n(span.weighted.begin(), static_cast<std::size_t>(query_rows) * width_, total.weighted.begin());
    return;
  }
  float* rescale = scratch.rescale.data();  // per row: of the total, of the span
  for (int row = first_row; row < query_rows; ++row) {
    const float before = total.largest[row], now = span.largest[row];
    total.largest[row] = now > before ? now : before;
    rescale[2 * row] = before - total.largest[row];
    rescale[2 * row + 1] = now - total.largest[row];
  }
  kernels_.exp(rescale + 2 * first_row, 2 * (query_rows - first_row), rescale + 2 * first_row);
  for (int row = first_row; row < query_rows; ++row) {
    const float old_part = rescale[2 * row], new_part = rescale[2 * row + 1];
    total.sum[row] = total.sum[row] * old_part + span.sum[row] * new_part;
    float* to = total.weighted.data() + static_cast<std::size_t>(row) * width_;
    const float* from = span.weighted.data() + static_cast<std::size_t>(row) * width_;
    for (int d = 0; d < width_; ++d) to[d] = to[d] * old_part + from[d] * new_part;
  }
}

void Attention::finish(const Group& group, const Sums& total, Rows mixed) const {
  for (int row = 0; row < query_rows(group); ++row) {
    const int head = group.kv_head * heads_per_kv_ + row % heads_per_kv_;
    float* to =
        mixed[group.tokens.row + row / heads_per_kv_] + static_cast<std::size_t>(head) * shape_.head_dim;
    const float* from = total.weighted.data() + static_cast<std::size_t>(row) * width_;
    for (int d = 0; d < shape_.head_dim; ++d) to[d] = from[d] / total.sum[row];
  }
}

}  // namespace kelvin
