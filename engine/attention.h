// Causal grouped-query attention over the KV cache. The softmax is taken over fixed spans of absolute
// positions, and the spans of a query are merged in ascending order, so prefill, decode and every way to
// share the work give the same bits. (Rescaling: Milakov and Gimelshein 2018, arXiv 1805.02867.)
#pragma once

#include <span>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/kv_cache.h"
#include "engine/matmul.h"
#include "engine/thread_team.h"

namespace kelvin {

// Consecutive tokens of one sequence, in consecutive rows of the activations.
struct TokenRun {
  KvCache* cache;
  int row;       // of the first token
  int tokens;    // >= 1
  int position;  // of the first token
};

class Attention {
 public:
  Attention(const Kernels& kernels, int n_heads, const KvShape& shape, int threads);

  // Prepares the work for some runs; the keys and values of all their tokens must be stored before run().
  void plan(std::span<const TokenRun> runs);

  // Called by every member of the team.
  void run(ThreadTeam::Member& member, int layer,
           Rows q,       // (rows, n_heads * head_dim), rotated and scaled
           Rows mixed);  // (rows, n_heads * head_dim) out

 private:
  // Some tokens of a run, all query heads of one key and value head.
  struct Group {
    TokenRun tokens;
    int kv_head;
    int first_partial;  // index into partials_ where spans are shared out
    int spans() const { return (tokens.position + tokens.tokens - 1) / attention_span + 1; }
  };
  struct SpanOfGroup {
    int group, span;
  };
  // Softmax sums of the query rows of a group, over one span or over all so far.
  struct Sums {
    std::vector<float> largest, sum;  // (query rows,)
    std::vector<float> weighted;      // (query rows, width)
    void resize(int query_rows, int width);
  };
  struct Scratch {
    std::vector<float> q;      // (query rows, head_dim)
    std::vector<int> visible;  // (query rows,)
    std::vector<float> rescale;
    Sums span, total;
  };

  int query_rows(const Group& group) const { return group.tokens.tokens * heads_per_kv_; }
  void attend_span(const Group& group, int layer, int span, Rows q, Scratch& scratch, Sums& sums) const;
  // Rows from `first_row` on took part in the span.
  void merge(const Sums& span, int first_row, int query_rows, bool first_span, Scratch& scratch) const;
  int first_row(const Group& group, int span) const;
  void finish(const Group& group, const Sums& total, Rows mixed) const;

  const Kernels& kernels_;
  void (*attend_)(const AttentionBlock& block);
  KvShape shape_;
  int heads_per_kv_, width_, threads_;
  std::vector<Group> groups_;
  bool spans_shared_ = false;
  std::vector<SpanOfGroup> spans_;
  int spans_at_once_ = 1;
  std::vector<Sums> partials_;
  std::vector<Scratch> scratch_;  // per thread
};

}  // namespace kelvin
