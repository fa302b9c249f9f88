// The kernels written once over the registers of an instruction set, for avx2.cpp, avx512.cpp and their
// like; attention follows in vector_attention.h. Included after they have defined, in the same anonymous
// namespace:
//   Lanes   sixteen floats, and its operations; lane l takes the place of index l mod 16 in scalar.cpp
//   Part    part_lanes floats, the piece of sixteen partial sums a matmul tile keeps in one register
//   Halved  eight sums left of sixteen: halve(Lanes), halve_parts(Part*, stride); finish_one and finish_four
//           do the rest of the tree
//   square_root(float)
//   max_rows x max_tokens, max_queries x max_vectors   tiles whose sums fit the registers
#pragma once

#include <cstdint>

#include "engine/kernels/math_constants.h"

namespace kelvin::kernels {
namespace {

constexpr int parts = lanes / part_lanes;

float halving_sum(Lanes sum) { return finish_one(halve(sum)); }

// The rest of the tree for `rows` rows of one token, into y[row ..].
template <int rows>
[[gnu::always_inline]] inline void finish_rows(const FloatMatmul& m, int row, int token,
                                               const Halved (&sum)[rows]) {
  static_assert(rows == 1 || rows == tile_rows);
  float* y = m.y + static_cast<std::size_t>(token) * m.y_stride + row;
  const float* bias = m.bias ? m.bias + row : nullptr;
  if constexpr (rows == tile_rows) {
    finish_four(sum, bias, y);
  } else {
    const float total = finish_one(sum[0]);
    *y = bias ? total + *bias : total;
  }
}

template <class Element, int rows, int tokens>
void matmul_tile(const FloatMatmul& m, int row, int token) {
  const int full = m.cols / lanes * lanes;
  const std::size_t cols = static_cast<std::size_t>(m.cols);
  const Element* w = static_cast<const Element*>(m.w) + static_cast<std::size_t>(row) * cols;
  const float* x = m.x + static_cast<std::size_t>(token) * m.x_stride;
  // The first tokens wait for memory as well: they prefetch the rows that follow.
  const Element* const prefetched = token == 0 ? w + rows * cols : w;
  // Registers hold one part of each sum at a time.
  Part sum[parts][rows][tokens];
  for (int part = 0; part < parts; ++part) {
    Part p[rows][tokens];
    for (int r = 0; r < rows; ++r)
      for (int t = 0; t < tokens; ++t) p[r][t] = part_zero();
    for (int k = part * part_lanes; k < full; k += lanes) {
      Part xk[tokens];
      for (int t = 0; t < tokens; ++t) xk[t] = part_load(x + static_cast<std::size_t>(t) * m.x_stride + k);
      for (int r = 0; r < rows; ++r) {
        const Part wk = part_load(w + r * cols + k);
        if (part == 0) __builtin_prefetch(prefetched + r * cols + k);
        for (int t = 0; t < tokens; ++t) p[r][t] = part_fma(wk, xk[t], p[r][t]);
      }
    }
    const int at = full + part * part_lanes, left = m.cols - at;
    if (left > 0)
      for (int r = 0; r < rows; ++r) {
        const Part wk = part_load_first(w + r * cols + at, left);
        for (int t = 0; t < tokens; ++t)
          p[r][t] = part_fma_first(
              left, wk, part_load_first(x + static_cast<std::size_t>(t) * m.x_stride + at, left), p[r][t]);
      }
    for (int r = 0; r < rows; ++r)
      for (int t = 0; t < tokens; ++t) sum[part][r][t] = p[r][t];
  }
  for (int t = 0; t < tokens; ++t) {
    Halved halved[rows];
    for (int r = 0; r < rows; ++r) halved[r] = halve_parts<parts>(&sum[0][r][t], rows * tokens);
    finish_rows<rows>(m, row, token + t, halved);
  }
}

template <class Element, int tokens>
void matmul_rows(const FloatMatmul& m, int token) {
  int row = 0;
  for (; row + tile_rows <= m.rows; row += tile_rows) matmul_tile<Element, tile_rows, tokens>(m, row, token);
  for (; row < m.rows; ++row) matmul_tile<Element, 1, tokens>(m, row, token);
}

// A single token waits for memory, which is fastest read in one ascending stream: row by row, prefetching.
template <class Element>
Halved row_sum(const Element* w, const float* x, int cols) {
  constexpr int prefetch_distance = 8192 / static_cast<int>(sizeof(Element));
  const int full = cols / lanes * lanes;
  Part sum[parts];
  for (int part = 0; part < parts; ++part) sum[part] = part_zero();
  for (int k = 0; k < full; k += lanes) {
    __builtin_prefetch(w + k + prefetch_distance);
    for (int part = 0; part < parts; ++part) {
      const int at = k + part * part_lanes;
      sum[part] = part_fma(part_load(w + at), part_load(x + at), sum[part]);
    }
  }
  for (int part = 0; part < parts; ++part) {
    const int at = full + part * part_lanes, left = cols - at;
    if (left > 0)
      sum[part] =
          part_fma_first(left, part_load_first(w + at, left), part_load_first(x + at, left), sum[part]);
  }
  return halve_parts<parts>(sum, 1);
}

template <class Element>
void matmul_single(const FloatMatmul& m, int token) {
  const std::size_t cols = static_cast<std::size_t>(m.cols);
  const Element* w = static_cast<const Element*>(m.w);
  const float* x = m.x + static_cast<std::size_t>(token) * m.x_stride;
  int row = 0;
  for (; row + tile_rows <= m.rows; row += tile_rows) {
    Halved sum[tile_rows];
    for (int r = 0; r < tile_rows; ++r, w += cols) sum[r] = row_sum(w, x, m.cols);
    finish_rows<tile_rows>(m, row, token, sum);
  }
  for (; row < m.rows; ++row, w += cols) finish_rows<1>(m, row, token, {row_sum(w, x, m.cols)});
}

template <class Element, int tokens = max_tokens>
void matmul_last_tokens(const FloatMatmul& m, int token) {
  if constexpr (tokens == 1) {
    if (m.tokens - token == 1) matmul_single<Element>(m, token);
  } else {
    if (m.tokens - token == tokens) return matmul_rows<Element, tokens>(m, token);
    matmul_last_tokens<Element, tokens - 1>(m, token);
  }
}

template <class Element>
void matmul(const FloatMatmul& m) {
  int token = 0;
  for (; token + max_tokens <= m.tokens; token += max_tokens) matmul_rows<Element, max_tokens>(m, token);
  matmul_last_tokens<Element>(m, token);
}

template <int count>
Lanes horner(Lanes x, const float (&coefficients)[count]) {
  Lanes p = set(coefficients[0]);
  for (int i = 1; i < count; ++i) p = fma(p, x, set(coefficients[i]));
  return p;
}

struct Reduced {
  Lanes shifted, less_1;
};

Reduced reduce(Lanes x) {
  const Lanes shifted = fma(x, set(log2_e), set(to_integer));
  const Lanes n = sub(shifted, set(to_integer));
  Lanes r = fma(n, set(-ln2_high), x);
  r = fma(n, set(-ln2_low), r);
  return {shifted, fma(horner(r, exp_coefficients), mul(r, r), r)};
}

Lanes exp_of(Lanes x) {
  const Reduced reduced = reduce(x);
  Lanes y = add_to_exponent(add(reduced.less_1, set(1.0f)), reduced.shifted);
  y = select(less(x, set(exp_zero_below)), zero(), y);
  y = select(less(set(exp_infinite_above), x), set(__builtin_inff()), y);
  return select(unordered(x), x, y);
}

Lanes capped(Lanes x, float cap) {
  const Lanes u = div(x, set(cap));
  const auto below = less(u, zero());
  const Lanes a = select(below, negate(u), u);
  const Reduced reduced = reduce(mul(select(less(a, set(tanh_one_from)), a, set(tanh_one_from)), set(-2.0f)));
  const Lanes power = add_to_exponent(set(1.0f), reduced.shifted);
  const Lanes t = fma(reduced.less_1, power, sub(power, set(1.0f)));
  const Lanes y = mul(set(cap), div(negate(t), add(t, set(2.0f))));
  return select(unordered(x), x, select(below, negate(y), y));
}

Lanes silu(Lanes x) { return div(x, add(set(1.0f), exp_of(negate(x)))); }

Lanes gelu_tanh(Lanes x) {
  const Lanes cubic = mul(fma(mul(x, x), set(gelu_tanh_cubic), set(1.0f)), x);
  return div(x, add(set(1.0f), exp_of(mul(cubic, set(gelu_tanh_slope)))));
}

Lanes gelu_erf(Lanes x) {
  const auto below = less(x, zero());
  const Lanes a = select(below, negate(x), x);
  const Lanes t = div(set(1.0f), fma(set(gelu_erf_stretch), a, set(1.0f)));
  const Lanes p = horner(sub(t, set(0.5f)), gelu_erf_coefficients);
  const Lanes tail = mul(mul(p, t), exp_of(mul(mul(a, set(-0.5f)), a)));
  return mul(x, select(below, tail, sub(set(1.0f), tail)));
}

template <Lanes (*activation)(Lanes)>
void gate(const float* gate, const float* up, int n, float* y) {
  int i = 0;
  for (; i + lanes <= n; i += lanes) {
    const Lanes a = activation(load(gate + i));
    store(y + i, up ? mul(a, load(up + i)) : a);
  }
  if (i < n) {
    const Lanes a = activation(load_first(gate + i, n - i));
    store_first(y + i, n - i, up ? mul(a, load_first(up + i, n - i)) : a);
  }
}

void soft_cap(const float* x, int n, float cap, float* y) {
  int i = 0;
  for (; i + lanes <= n; i += lanes) store(y + i, capped(load(x + i), cap));
  if (i < n) store_first(y + i, n - i, capped(load_first(x + i, n - i), cap));
}

void exp_all(const float* x, int n, float* y) {
  int i = 0;
  for (; i + lanes <= n; i += lanes) store(y + i, exp_of(load(x + i)));
  if (i < n) store_first(y + i, n - i, exp_of(load_first(x + i, n - i)));
}

void rms_norm(const float* x, const float* w, int n, float epsilon, float* y) {
  Lanes squares = zero();
  int i = 0;
  for (; i + lanes <= n; i += lanes) {
    const Lanes xi = load(x + i);
    squares = fma(xi, xi, squares);
  }
  // A sum of squares is never -0, so that adding 0 x 0 in absent lanes changes nothing.
  const Lanes last = load_first(x + i, n - i);
  squares = fma(last, last, squares);
  const float mean = halving_sum(squares) / static_cast<float>(n);
  const float scale = 1.0f / square_root(mean + epsilon);
  for (i = 0; i + lanes <= n; i += lanes) store(y + i, mul(mul(load(x + i), set(scale)), load(w + i)));
  if (i < n) store_first(y + i, n - i, mul(mul(last, set(scale)), load_first(w + i, n - i)));
}

void layer_norm(const float* x, const float* w, const float* b, int n, float epsilon, float* y) {
  Lanes sum = zero();
  int i = 0;
  for (; i + lanes <= n; i += lanes) sum = add(sum, load(x + i));
  // A sum that began as +0 is never -0, so that adding +0 in absent lanes changes nothing.
  const Lanes last = load_first(x + i, n - i);
  const Lanes mean = set(halving_sum(add(sum, last)) / static_cast<float>(n));
  Lanes squares = zero();
  for (i = 0; i + lanes <= n; i += lanes) {
    const Lanes d = sub(load(x + i), mean);
    squares = fma(d, d, squares);
  }
  const Lanes last_d = select(first_lanes(n - i), sub(last, mean), zero());
  squares = fma(last_d, last_d, squares);
  const float variance = halving_sum(squares) / static_cast<float>(n);
  const Lanes scale = set(1.0f / square_root(variance + epsilon));
  for (i = 0; i + lanes <= n; i += lanes) {
    const Lanes scaled = mul(mul(sub(load(x + i), mean), scale), load(w + i));
    store(y + i, b ? add(scaled, load(b + i)) : scaled);
  }
  if (i < n) {
    const Lanes scaled = mul(mul(last_d, scale), load_first(w + i, n - i));
    store_first(y + i, n - i, b ? add(scaled, load_first(b + i, n - i)) : scaled);
  }
}

std::uint64_t fma_burst(std::uint64_t rounds, float* sink) {
  constexpr int chains = 12;  // more than the units times their latency
  Part sum[chains];
  const Part half = part_set(0.5f), one = part_set(1.0f);
  for (int i = 0; i < chains; ++i) sum[i] = one;
  for (std::uint64_t round = 0; round < rounds; ++round)
    for (int i = 0; i < chains; ++i) sum[i] = part_fma(sum[i], half, one);
  Part total = part_zero();
  for (int i = 0; i < chains; ++i) total = part_fma(sum[i], one, total);
  alignas(64) float out[part_lanes];
  part_store(out, total);
  *sink = out[0];
  return rounds * chains * part_lanes;
}

std::uint64_t read_burst(const void* memory, std::size_t bytes) {
  using Words = std::uint64_t __attribute__((vector_size(32)));
  const char* at = static_cast<const char*>(memory);
  Words sum[4] = {};
  for (std::size_t i = 0; i + 128 <= bytes; i += 128)
    for (std::size_t j = 0; j < 4; ++j) {
      Words words;
      __builtin_memcpy(&words, at + i + 32 * j, sizeof words);
      sum[j] += words;
    }
  const Words total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  return total[0] + total[1] + total[2] + total[3];
}

}  // namespace
}  // namespace kelvin::kernels
