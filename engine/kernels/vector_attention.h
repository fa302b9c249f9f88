// The attention kernel written once over the registers of an instruction set, included after
// vector_kernels.h. Both of its products are one register tile, whose rows are queries: for the scores a
// column is a key and the sum runs over the head's dimensions, for the values a column is a dimension and the
// sum runs over keys. A vector is sixteen columns.
#pragma once

#include "engine/kernels/unroll.h"

namespace kelvin::kernels {
namespace {

// Rows worked on together: a piece of keys or values is read from L1 by all their tiles.
constexpr int query_block = 4 * max_queries;
// Such a piece: panels of keys, and values.
constexpr int panels_at_once = 4, values_at_once = 64;

// A few rows wait for memory, which is fastest in one ascending stream: while a piece is worked on, the one
// that many pieces behind it is prefetched line by line, in that order whatever the order of the loads.
template <class Element>
constexpr int prefetch_distance = sizeof(Element) == 1 ? 2 : 1;
// Codes of 8 bits take longer to widen than to arrive: they wait in L2.
template <class Element>
constexpr int locality_hint = sizeof(Element) == 1 ? 2 : 3;
template <class Element>
constexpr int loads_per_line = 64 / (lanes * static_cast<int>(sizeof(Element)));

// What a tile's rows are multiplied with: `vectors` of them from `first` on, at one index of the sum. That v is
// known when compiled keeps all arithmetic with addresses out of the loop over the sum.

// A vector is a panel of keys.
template <class Element, bool prefetching>
struct KeyColumns {
  const Element* keys;
  const float* scales;
  std::size_t head_dim;

  template <int vectors>
  Lanes at(int first, int v, int d) const {
    const Element* const tile = keys + static_cast<std::size_t>(first) * head_dim * lanes;
    const std::size_t dim = static_cast<std::size_t>(d);
    if constexpr (prefetching) {
      const std::size_t loads_before = dim * vectors + v;
      if (loads_before % loads_per_line<Element> == 0)
        __builtin_prefetch(
            tile + (loads_before + prefetch_distance<Element> * panels_at_once * head_dim) * lanes, 0,
            locality_hint<Element>);
    }
    const Lanes key = load(tile + (v * head_dim + dim) * lanes);
    if constexpr (sizeof(Element) > 1) return key;
    return mul(key, load(scales + dim / kv_group * attention_span + first * lanes + v * lanes));
  }
};

// A vector is sixteen dimensions.
template <class Element, bool prefetching>
struct ValueColumns {
  const Element* values;
  const float* scales;
  std::size_t width;

  template <int vectors>
  Lanes at(int first, int v, int j) const {
    static_assert(vectors == 1 || vectors * lanes % kv_group == 0);
    const Element* const stored = values + static_cast<std::size_t>(j) * width + first * lanes + v * lanes;
    if (prefetching && (vectors == 1 ? first : v) % loads_per_line<Element> == 0)
      __builtin_prefetch(stored + prefetch_distance<Element> * values_at_once * width, 0,
                         locality_hint<Element>);
    const Lanes value = load(stored);
    if constexpr (sizeof(Element) > 1) return value;
    const float* const of_tile = scales + static_cast<std::size_t>(first * lanes / kv_group) * attention_span;
    return mul(value, set(of_tile[v * lanes / kv_group * attention_span + j]));
  }
};

struct Range {
  int first, end;
};

// c[row][lane] = fma(a[row][i], column[i][lane], c[row][lane]), i ascending.
struct OuterRows {
  const float* a;        // (rows, i)
  std::size_t a_stride;  // floats from row to row
  float* c;              // (rows, vectors * 16)
  std::size_t c_stride;  // floats from row to row
};

template <int rows, int vectors, class Columns>
void outer_tile(const OuterRows& o, const Columns& columns, int first, Range range) {
  Lanes sum[rows][vectors];
  float* c = o.c + first * lanes;
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) sum[r][v] = load(c + r * o.c_stride + v * lanes);
  const float* a = o.a + range.first;
  for (int i = range.first; i < range.end; ++i, ++a) {
    Lanes column[vectors];
    for (int v = 0; v < vectors; ++v) column[v] = columns.template at<vectors>(first, v, i);
    KELVIN_UNROLL(8)
    for (int r = 0; r < rows; ++r) {
      const Lanes as = set(a[r * o.a_stride]);
      for (int v = 0; v < vectors; ++v) sum[r][v] = fma(as, column[v], sum[r][v]);
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) store(c + r * o.c_stride + v * lanes, sum[r][v]);
}

template <int tile_queries = max_queries, class Columns>
void outer(const OuterRows& o, int rows, const Columns& columns, Range vectors, Range range) {
  if constexpr (tile_queries > 1) {
    if (rows < tile_queries) return outer<tile_queries - 1>(o, rows, columns, vectors, range);
  }
  int first = vectors.first;
  for (; first + max_vectors <= vectors.end; first += max_vectors)
    outer_tile<tile_queries, max_vectors>(o, columns, first, range);
  for (; first < vectors.end; ++first) outer_tile<tile_queries, 1>(o, columns, first, range);
}

// Scores of the keys a row sees, first <= j < visible, become weights; those of other keys, computed with the
// rest of their panel, become 0.
void softmax_row(float* weight, int first, int visible, float soft_cap, float& largest_score,
                 float& weight_sum) {
  const int begin = first / lanes * lanes;
  const auto seen_or = [&](int j, Lanes x, Lanes other) {
    const Lanes seen = select(first_lanes(visible - j), x, other);
    return first > j ? select(first_lanes(first - j), other, seen) : seen;
  };
  Lanes largest = set(-__builtin_inff());
  for (int j = begin; j < visible; j += lanes) {
    Lanes score = load(weight + j);
    if (soft_cap > 0.0f) store(weight + j, score = capped(score, soft_cap));
    largest = larger(seen_or(j, score, set(-__builtin_inff())), largest);
  }
  const float top = largest_lane(largest);
  Lanes sum = zero();
  for (int j = begin; j < visible; j += lanes) {
    const Lanes w = exp_of(sub(load(weight + j), set(top)));
    // No weight is -0, so that adding 0 for an absent key changes nothing.
    const Lanes seen = seen_or(j, w, zero());
    store(weight + j, seen);
    sum = add(sum, seen);
  }
  largest_score = top;
  weight_sum = halving_sum(sum);
}

int smaller(int a, int b) { return a < b ? a : b; }
int greater(int a, int b) { return a > b ? a : b; }

template <class Element, bool prefetching>
void attend_rows(const SpanAttention& a, int first, int rows) {
  const int width = padded_to_lanes(a.head_dim);
  const std::size_t head_dim = static_cast<std::size_t>(a.head_dim), stride = static_cast<std::size_t>(width);
  // Both ascend, so that a tile's first row bounds what all its rows see from above, its last row from below.
  const int* begin = a.first + first;
  const int* visible = a.visible + first;
  const auto rows_of = [&](int tile) { return smaller(rows - tile * max_queries, max_queries); };
  const auto last_of = [&](int tile) { return tile * max_queries + rows_of(tile) - 1; };
  const int tiles = (rows + max_queries - 1) / max_queries;
  const int last_visible = visible[rows - 1];

  alignas(64) float weight[query_block][attention_span];
  const KeyColumns<Element, prefetching> keys{static_cast<const Element*>(a.kv.keys), a.kv.key_scales,
                                              head_dim};
  const float* q = a.q + static_cast<std::size_t>(first) * head_dim;
  for (int panel = begin[0] / lanes; panel * lanes < last_visible; panel += panels_at_once)
    for (int tile = 0; tile < tiles; ++tile) {
      const int low = greater(begin[tile * max_queries] / lanes, panel);
      const int end = smaller(padded_to_lanes(visible[last_of(tile)]) / lanes, panel + panels_at_once);
      if (low >= end) continue;
      for (int r = tile * max_queries; r <= last_of(tile); ++r)
        for (int p = low; p < end; ++p) store(weight[r] + p * lanes, zero());
      const OuterRows scores{q + tile * max_queries * head_dim, head_dim, weight[tile * max_queries],
                             attention_span};
      outer(scores, rows_of(tile), keys, {low, end}, {0, a.head_dim});
    }
  for (int r = 0; r < rows; ++r)
    softmax_row(weight[r], begin[r], visible[r], a.soft_cap, a.largest[first + r], a.sum[first + r]);

  const ValueColumns<Element, prefetching> values{static_cast<const Element*>(a.kv.values), a.kv.value_scales,
                                                  stride};
  float* weighted = a.weighted + static_cast<std::size_t>(first) * stride;
  for (int i = 0; i < rows * width; i += lanes) store(weighted + i, zero());
  for (int value = begin[0]; value < last_visible; value += values_at_once)
    for (int tile = 0; tile < tiles; ++tile) {
      const int row = tile * max_queries, end = value + values_at_once;
      const OuterRows mixed{weight[row], attention_span, weighted + row * stride, stride};
      const auto own = [&](int from, int to, int r) {
        const Range range{greater(value, greater(begin[row + r], from)),
                          smaller(end, smaller(visible[row + r], to))};
        const OuterRows alone{weight[row + r], attention_span, mixed.c + r * stride, stride};
        if (range.first < range.end) outer<1>(alone, 1, values, {0, width / lanes}, range);
      };
      // Each row its own first values, then together what all rows see, then each row its own last values.
      const int all_end = visible[row], all_begin = smaller(begin[last_of(tile)], all_end);
      if (value < all_begin)
        for (int r = 0; r < rows_of(tile); ++r) own(0, all_begin, r);
      const Range together{greater(value, all_begin), smaller(end, all_end)};
      if (together.first < together.end) outer(mixed, rows_of(tile), values, {0, width / lanes}, together);
      for (int r = 0; r < rows_of(tile); ++r) own(all_end, attention_span, r);
    }
}

template <class Element>
void attend(const SpanAttention& a) {
  if (a.rows <= max_queries) return attend_rows<Element, true>(a, 0, a.rows);
  for (int row = 0; row < a.rows; row += query_block)
    attend_rows<Element, false>(a, row, smaller(a.rows - row, query_block));
}

}  // namespace
}  // namespace kelvin::kernels
