// The attention kernel written once over a register type, included by avx2.cpp and avx512.cpp behind
// vector_kernels.h. Both of its products are one tile: lanes are keys for the scores (steps: the head's
// dimensions) and dimensions for the values (steps: keys).
#pragma once

namespace kelvin {
namespace {

// Rows worked on together: a piece of keys or values is read from the first cache by all their tiles.
constexpr int query_block = 4 * most_queries;
// Such a piece: panels of keys, and values.
constexpr int panels_at_once = 4, values_at_once = 64;

// A few rows wait for memory, which is fastest in one ascending stream: while a piece is worked on, the
// one so many pieces behind it is asked for line by line, in that order whatever the order of the loads.
template <class Element>
constexpr int pieces_ahead = sizeof(Element) == 1 ? 2 : 1;
// Codes of 8 bits take longer to widen than to arrive: they wait in the second cache.
template <class Element>
constexpr int how_near = sizeof(Element) == 1 ? 2 : 3;
template <class Element>
constexpr int loads_per_line = 64 / (lanes * static_cast<int>(sizeof(Element)));

// What a tile's steps meet: its column groups are `groups` from `first` on. That g is known when compiled
// keeps all arithmetic with addresses out of the loop over steps.

// One column group is a panel of keys.
template <class Element, bool ahead>
struct KeyColumns {
  const Element* keys;
  const float* scales;
  std::size_t head_dim;

  template <int groups>
  Lanes at(int first, int g, int d) const {
    const Element* const tile = keys + static_cast<std::size_t>(first) * head_dim * lanes;
    const std::size_t step = static_cast<std::size_t>(d);
    if constexpr (ahead) {
      const std::size_t loads_before = step * groups + g;
      if (loads_before % loads_per_line<Element> == 0)
        __builtin_prefetch(tile + (loads_before + pieces_ahead<Element> * panels_at_once * head_dim) * lanes,
                           0, how_near<Element>);
    }
    const Lanes key = load(tile + (g * head_dim + step) * lanes);
    if constexpr (sizeof(Element) > 1) return key;
    return mul(key, load(scales + step / kv_group * attention_span + first * lanes + g * lanes));
  }
};

// One column group is sixteen dimensions.
template <class Element, bool ahead>
struct ValueColumns {
  const Element* values;
  const float* scales;
  std::size_t width;

  template <int groups>
  Lanes at(int first, int g, int j) const {
    static_assert(groups == 1 || groups * lanes % kv_group == 0);
    const Element* const stored = values + static_cast<std::size_t>(j) * width + first * lanes + g * lanes;
    if (ahead && (groups == 1 ? first : g) % loads_per_line<Element> == 0)
      __builtin_prefetch(stored + pieces_ahead<Element> * values_at_once * width, 0, how_near<Element>);
    const Lanes value = load(stored);
    if constexpr (sizeof(Element) > 1) return value;
    const float* const of_tile = scales + static_cast<std::size_t>(first * lanes / kv_group) * attention_span;
    return mul(value, set(of_tile[g * lanes / kv_group * attention_span + j]));
  }
};

struct Steps {
  int first, end;
};

// c[row][lane] = fma(a[row][step], column[step][lane], c[row][lane]) over the steps in order.
struct OuterRows {
  const float* a;        // (rows, steps)
  std::size_t a_stride;  // floats from row to row
  float* c;              // (rows, column groups * 16)
  std::size_t c_stride;  // floats from row to row
};

template <int rows, int groups, class Columns>
void outer_tile(const OuterRows& o, const Columns& columns, int group, Steps steps) {
  Lanes sum[rows][groups];
  float* c = o.c + group * lanes;
  for (int r = 0; r < rows; ++r)
    for (int g = 0; g < groups; ++g) sum[r][g] = load(c + r * o.c_stride + g * lanes);
  const float* a = o.a + steps.first;
  for (int s = steps.first; s < steps.end; ++s, ++a) {
    Lanes column[groups];
    for (int g = 0; g < groups; ++g) column[g] = columns.template at<groups>(group, g, s);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const Lanes as = set(a[r * o.a_stride]);
      for (int g = 0; g < groups; ++g) sum[r][g] = fma(as, column[g], sum[r][g]);
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int g = 0; g < groups; ++g) store(c + r * o.c_stride + g * lanes, sum[r][g]);
}

template <int most = most_queries, class Columns>
void outer(const OuterRows& o, int rows, const Columns& columns, int first_group, int end_group,
           Steps steps) {
  if constexpr (most > 1) {
    if (rows < most) return outer<most - 1>(o, rows, columns, first_group, end_group, steps);
  }
  int group = first_group;
  for (; group + most_columns <= end_group; group += most_columns)
    outer_tile<most, most_columns>(o, columns, group, steps);
  for (; group < end_group; ++group) outer_tile<most, 1>(o, columns, group, steps);
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

template <class Element, bool ahead>
void attend_rows(const AttentionBlock& a, int first, int rows) {
  const int width = padded_to_lanes(a.head_dim);
  const std::size_t head_dim = static_cast<std::size_t>(a.head_dim), stride = static_cast<std::size_t>(width);
  // Both ascend, so that a tile's first row bounds what all its rows see from above, its last row from below.
  const int* begin = a.first + first;
  const int* visible = a.visible + first;
  const auto rows_of = [&](int tile) { return smaller(rows - tile * most_queries, most_queries); };
  const auto last_of = [&](int tile) { return tile * most_queries + rows_of(tile) - 1; };
  const int tiles = (rows + most_queries - 1) / most_queries;
  const int most_of_all = visible[rows - 1];

  alignas(64) float weight[query_block][attention_span];
  const KeyColumns<Element, ahead> keys{static_cast<const Element*>(a.kv.keys), a.kv.key_scales, head_dim};
  const float* q = a.q + static_cast<std::size_t>(first) * head_dim;
  for (int panel = begin[0] / lanes; panel * lanes < most_of_all; panel += panels_at_once)
    for (int tile = 0; tile < tiles; ++tile) {
      const int low = greater(begin[tile * most_queries] / lanes, panel);
      const int end = smaller(padded_to_lanes(visible[last_of(tile)]) / lanes, panel + panels_at_once);
      if (low >= end) continue;
      for (int r = tile * most_queries; r <= last_of(tile); ++r)
        for (int p = low; p < end; ++p) store(weight[r] + p * lanes, zero());
      const OuterRows scores{q + tile * most_queries * head_dim, head_dim, weight[tile * most_queries],
                             attention_span};
      outer(scores, rows_of(tile), keys, low, end, {0, a.head_dim});
    }
  for (int r = 0; r < rows; ++r)
    softmax_row(weight[r], begin[r], visible[r], a.soft_cap, a.largest[first + r], a.sum[first + r]);

  const ValueColumns<Element, ahead> values{static_cast<const Element*>(a.kv.values), a.kv.value_scales,
                                            stride};
  float* weighted = a.weighted + static_cast<std::size_t>(first) * stride;
  for (int i = 0; i < rows * width; i += lanes) store(weighted + i, zero());
  for (int value = begin[0]; value < most_of_all; value += values_at_once)
    for (int tile = 0; tile < tiles; ++tile) {
      const int row = tile * most_queries, end = value + values_at_once;
      const OuterRows mixed{weight[row], attention_span, weighted + row * stride, stride};
      const auto own = [&](int from, int to, int r) {
        const Steps steps{greater(value, greater(begin[row + r], from)),
                          smaller(end, smaller(visible[row + r], to))};
        const OuterRows alone{weight[row + r], attention_span, mixed.c + r * stride, stride};
        if (steps.first < steps.end) outer<1>(alone, 1, values, 0, width / lanes, steps);
      };
      // Each row its own first values, then together what all rows see, then each row its own last values.
      const int all_end = visible[row], all_begin = smaller(begin[last_of(tile)], all_end);
      if (value < all_begin)
        for (int r = 0; r < rows_of(tile); ++r) own(0, all_begin, r);
      const Steps together{greater(value, all_begin), smaller(end, all_end)};
      if (together.first < together.end) outer(mixed, rows_of(tile), values, 0, width / lanes, together);
      for (int r = 0; r < rows_of(tile); ++r) own(all_end, attention_span, r);
    }
}

template <class Element>
void attend(const AttentionBlock& a) {
  if (a.rows <= most_queries) return attend_rows<Element, true>(a, 0, a.rows);
  for (int row = 0; row < a.rows; row += query_block)
    attend_rows<Element, false>(a, row, smaller(a.rows - row, query_block));
}

}  // namespace
}  // namespace kelvin
