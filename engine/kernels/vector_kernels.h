// The kernels written once over a register type, for avx2.cpp and avx512.cpp only; attention follows in
// vector_attention.h. Included after they have defined, in the same anonymous namespace:
//   Lanes   sixteen floats, and its operations; lane l takes the place of index l mod 16 in scalar.cpp
//   Part    part_lanes floats, the piece of sixteen partial sums a matmul tile keeps in one register
//   most_rows x most_tokens, most_queries x most_columns   tiles whose sums fit the registers
#pragma once

namespace kelvin {
namespace {

constexpr int lanes = 16;
constexpr int parts = lanes / part_lanes;

// Eight sums left of sixteen, for four rows: the rest of the halving tree, four rows side by side.
__m128 halve_four(__m256 a, __m256 b, __m256 c, __m256 d) {
  const __m128 u0 = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 u1 = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
  const __m128 u2 = _mm_add_ps(_mm256_castps256_ps128(c), _mm256_extractf128_ps(c, 1));
  const __m128 u3 = _mm_add_ps(_mm256_castps256_ps128(d), _mm256_extractf128_ps(d, 1));
  const __m128 v01 = _mm_add_ps(_mm_movelh_ps(u0, u1), _mm_movehl_ps(u1, u0));
  const __m128 v23 = _mm_add_ps(_mm_movelh_ps(u2, u3), _mm_movehl_ps(u3, u2));
  return _mm_add_ps(_mm_shuffle_ps(v01, v23, _MM_SHUFFLE(2, 0, 2, 0)),
                    _mm_shuffle_ps(v01, v23, _MM_SHUFFLE(3, 1, 3, 1)));
}

float halving_sum(Lanes sum) {
  const __m256 t = upper_onto_lower(sum);
  return _mm_cvtss_f32(halve_four(t, t, t, t));
}

// The rest of the tree for four rows of one token, into y[row ..].
template <int rows>
void finish_rows(const MatmulBlock& m, int row, int token, __m256 a, __m256 b, __m256 c, __m256 d) {
  static_assert(rows == 1 || rows == 4);
  float* y = m.y + static_cast<std::size_t>(token) * m.y_stride + row;
  __m128 total = halve_four(a, b, c, d);
  if constexpr (rows == 4) {
    if (m.bias) total = _mm_add_ps(total, _mm_loadu_ps(m.bias + row));
    _mm_storeu_ps(y, total);
  } else {
    if (m.bias) total = _mm_add_ss(total, _mm_load_ss(m.bias + row));
    _mm_store_ss(y, total);
  }
}

template <class Element, int rows, int tokens>
void matmul_tile(const MatmulBlock& m, int row, int token) {
  const int whole = m.cols / lanes * lanes;
  const std::size_t cols = static_cast<std::size_t>(m.cols);
  const Element* w = static_cast<const Element*>(m.w) + static_cast<std::size_t>(row) * cols;
  const float* x = m.x + static_cast<std::size_t>(token) * m.x_stride;
  // The first tokens wait for memory as well: it is asked for the rows that follow.
  const Element* const next = token == 0 ? w + rows * cols : w;
  // Registers hold one part of each sum at a time.
  Part sum[parts][rows][tokens];
  for (int part = 0; part < parts; ++part) {
    Part p[rows][tokens];
    for (int r = 0; r < rows; ++r)
      for (int t = 0; t < tokens; ++t) p[r][t] = part_zero();
    for (int k = part * part_lanes; k < whole; k += lanes) {
      Part xk[tokens];
      for (int t = 0; t < tokens; ++t) xk[t] = part_load(x + static_cast<std::size_t>(t) * m.x_stride + k);
      for (int r = 0; r < rows; ++r) {
        const Part wk = part_load(w + r * cols + k);
        if (part == 0) __builtin_prefetch(next + r * cols + k);
        for (int t = 0; t < tokens; ++t) p[r][t] = part_fma(wk, xk[t], p[r][t]);
      }
    }
    const int at = whole + part * part_lanes, left = m.cols - at;
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
  const auto folded = [&](int r, int t) { return fold_parts<parts>(&sum[0][r % rows][t], rows * tokens); };
  for (int t = 0; t < tokens; ++t)
    finish_rows<rows>(m, row, token + t, folded(0, t), folded(1, t), folded(2, t), folded(3, t));
}

template <class Element, int tokens>
void matmul_rows(const MatmulBlock& m, int token) {
  int row = 0;
  for (; row + 4 <= m.rows; row += 4) matmul_tile<Element, 4, tokens>(m, row, token);
  for (; row < m.rows; ++row) matmul_tile<Element, 1, tokens>(m, row, token);
}

// A single token waits for memory, which is fastest read in one ascending stream: row by row, asking early
// for what comes.
template <class Element>
__m256 row_sum(const Element* w, const float* x, int cols) {
  constexpr int ahead = 8192 / static_cast<int>(sizeof(Element));
  const int whole = cols / lanes * lanes;
  Part sum[parts];
  for (int part = 0; part < parts; ++part) sum[part] = part_zero();
  for (int k = 0; k < whole; k += lanes) {
    __builtin_prefetch(w + k + ahead);
    for (int part = 0; part < parts; ++part) {
      const int at = k + part * part_lanes;
      sum[part] = part_fma(part_load(w + at), part_load(x + at), sum[part]);
    }
  }
  for (int part = 0; part < parts; ++part) {
    const int at = whole + part * part_lanes, left = cols - at;
    if (left > 0)
      sum[part] =
          part_fma_first(left, part_load_first(w + at, left), part_load_first(x + at, left), sum[part]);
  }
  return fold_parts<parts>(sum, 1);
}

template <class Element>
void matmul_single(const MatmulBlock& m, int token) {
  const std::size_t cols = static_cast<std::size_t>(m.cols);
  const Element* w = static_cast<const Element*>(m.w);
  const float* x = m.x + static_cast<std::size_t>(token) * m.x_stride;
  int row = 0;
  for (; row + 4 <= m.rows; row += 4) {
    __m256 sum[4];
    for (int r = 0; r < 4; ++r, w += cols) sum[r] = row_sum(w, x, m.cols);
    finish_rows<4>(m, row, token, sum[0], sum[1], sum[2], sum[3]);
  }
  for (; row < m.rows; ++row, w += cols) {
    const __m256 sum = row_sum(w, x, m.cols);
    finish_rows<1>(m, row, token, sum, sum, sum, sum);
  }
}

template <class Element, int tokens = most_tokens>
void matmul_last_tokens(const MatmulBlock& m, int token) {
  if constexpr (tokens == 1) {
    if (m.tokens - token == 1) matmul_single<Element>(m, token);
  } else {
    if (m.tokens - token == tokens) return matmul_rows<Element, tokens>(m, token);
    matmul_last_tokens<Element, tokens - 1>(m, token);
  }
}

template <class Element>
void matmul(const MatmulBlock& m) {
  int token = 0;
  for (; token + most_tokens <= m.tokens; token += most_tokens) matmul_rows<Element, most_tokens>(m, token);
  matmul_last_tokens<Element>(m, token);
}

struct Reduced {
  Lanes shifted, less_1;
};

Reduced reduce(Lanes x) {
  const Lanes shifted = fma(x, set(0x1.715476p+0f), set(0x1.8p+23f));
  const Lanes n = sub(shifted, set(0x1.8p+23f));
  Lanes r = fma(n, set(-0x1.62e4p-1f), x);
  r = fma(n, set(-0x1.7f7d1cp-20f), r);
  Lanes p = set(0x1.6db47ep-10f);
  p = fma(p, r, set(0x1.123b92p-7f));
  p = fma(p, r, set(0x1.55545ep-5f));
  p = fma(p, r, set(0x1.55548ep-3f));
  p = fma(p, r, set(0.5f));
  return {shifted, fma(p, mul(r, r), r)};
}

Lanes exp_of(Lanes x) {
  const Reduced reduced = reduce(x);
  Lanes y = add_to_exponent(add(reduced.less_1, set(1.0f)), reduced.shifted);
  y = select(less(x, set(-87.0f)), zero(), y);
  y = select(less(set(88.72283f), x), set(__builtin_inff()), y);
  return select(unordered(x), x, y);
}

Lanes capped(Lanes x, float cap) {
  const Lanes u = div(x, set(cap));
  const auto below = less(u, zero());
  const Lanes a = select(below, negate(u), u);
  const Reduced reduced = reduce(mul(select(less(a, set(10.0f)), a, set(10.0f)), set(-2.0f)));
  const Lanes power = add_to_exponent(set(1.0f), reduced.shifted);
  const Lanes t = fma(reduced.less_1, power, sub(power, set(1.0f)));
  const Lanes y = mul(set(cap), div(negate(t), add(t, set(2.0f))));
  return select(unordered(x), x, select(below, negate(y), y));
}

Lanes silu(Lanes x) { return div(x, add(set(1.0f), exp_of(negate(x)))); }

Lanes gelu_tanh(Lanes x) {
  const Lanes cubic = mul(fma(mul(x, x), set(0x1.6e4e26p-5f), set(1.0f)), x);
  return div(x, add(set(1.0f), exp_of(mul(cubic, set(-0x1.988454p+0f)))));
}

Lanes gelu_erf(Lanes x) {
  const auto below = less(x, zero());
  const Lanes a = select(below, negate(x), x);
  const Lanes t = div(set(1.0f), fma(set(0x1.333334p-2f), a, set(1.0f)));
  const Lanes u = sub(t, set(0.5f));
  Lanes p = set(-0x1.512a92p-6f);
  p = fma(p, u, set(0x1.40cb68p-6f));
  p = fma(p, u, set(0x1.26536ep-5f));
  p = fma(p, u, set(-0x1.2aa324p-5f));
  p = fma(p, u, set(-0x1.3da90ep-4f));
  p = fma(p, u, set(0x1.dc0f50p-6f));
  p = fma(p, u, set(0x1.c6d356p-3f));
  p = fma(p, u, set(0x1.6281f2p-2f));
  p = fma(p, u, set(0x1.510f0cp-2f));
  p = fma(p, u, set(0x1.c69888p-3f));
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
  const float scale = 1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(mean + epsilon)));
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
  const Lanes scale = set(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance + epsilon))));
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
  const char* at = static_cast<const char*>(memory);
  __m256i sum[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                    _mm256_setzero_si256()};
  for (std::size_t i = 0; i + 128 <= bytes; i += 128)
    for (std::size_t j = 0; j < 4; ++j)
      sum[j] =
          _mm256_add_epi64(sum[j], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + i + 32 * j)));
  alignas(32) std::uint64_t out[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(out),
                     _mm256_add_epi64(_mm256_add_epi64(sum[0], sum[1]), _mm256_add_epi64(sum[2], sum[3])));
  return out[0] + out[1] + out[2] + out[3];
}

}  // namespace
}  // namespace kelvin
