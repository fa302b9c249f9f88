// Causal grouped-query attention over the KV cache. The softmax is taken over spans, 256 absolute positions
// each, and the spans of a query are merged in ascending order, so prefill, decode and every way to
// share the work give the same bits. (Rescaling: Milakov and Gimelshein 2018, arXiv 1805.02867.)
#pragma once

#include <span>
#include <vector>

#include "engine/forward/kv_cache.h"
#include "engine/forward/matmul.h"
#include "engine/kernels/kernels.h"
#include "engine/platform/thread_team.h"

namespace kelvin::engine {

// Consecutive tokens of one sequence, in consecutive rows of the activations.
struct TokenRun {
  KvCache* cache;
  int row;       // of the first token
  int tokens;    // >= 1
  int position;  // of the first token
};

// What a layer's attention has of its own.
struct AttentionLayer {
  int layer;
  int value_dim;          // of head_dim; the others of a value are zero
  int window = 0;         // a token sees itself and the window - 1 before it; 0: all
  float soft_cap = 0.0f;  // of scores; 0: none
};

class Attention {
 public:
  Attention(const Kernels& kernels, int n_heads, const KvShape& shape, int threads);

  // Prepares the work for some runs; the keys and values of all their tokens must be stored before run().
  void plan(std::span<const TokenRun> runs);

  void run(ThreadTeam& team, const AttentionLayer& layer,
           Rows q,        // (rows, n_heads * head_dim), rotated and scaled
           Rows output);  // (rows, n_heads * value_dim) out

 private:
  // Some tokens of a run, all query heads of one key and value head: these read the same keys and values.
  struct QueryGroup {
    TokenRun tokens;
    int kv_head;
    int first_partial;  // index into partials_ where spans are shared out
    int spans() const { return (tokens.position + tokens.tokens - 1) / kernels::attention_span + 1; }
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
    std::vector<float> q;             // (query rows, head_dim)
    std::vector<int> first, visible;  // (query rows,)
    std::vector<float> rescale;
    Sums span, total;
  };

  int query_rows(const QueryGroup& group) const { return group.tokens.tokens * heads_per_kv_; }
  // The query rows that see something of a span, and the first span a row sees something of.
  int first_row(const QueryGroup& group, int span) const;
  int last_row(const QueryGroup& group, int span, int window) const;  // one past
  static int first_span(const QueryGroup& group, int token, int window);
  void attend_span(const QueryGroup& group, const AttentionLayer& layer, int span, Rows q, Scratch& scratch,
                   Sums& sums) const;
  void merge(const QueryGroup& group, int window, const Sums& sums, int span, Scratch& scratch) const;
  void finish(const QueryGroup& group, int value_dim, const Sums& total, Rows output) const;

  const Kernels& kernels_;
  void (*attend_)(const kernels::SpanAttention& block);
  KvShape shape_;
  int heads_per_kv_, width_, threads_;
  std::vector<QueryGroup> groups_;
  bool spans_shared_ = false;
  std::vector<SpanOfGroup> spans_;
  std::vector<Sums> partials_;
  std::vector<Scratch> scratch_;  // per worker
};

}  // namespace kelvin::engine
