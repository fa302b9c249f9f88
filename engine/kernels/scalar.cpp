// The specification: every other table gives these bits. Plain loops, std::fma where and only where a fused
// operation is meant.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "engine/kernels/kernels.h"
#include "engine/kernels/math_constants.h"
#include "engine/kernels/quantized.h"

namespace kelvin::kernels {
namespace {

// Sixteen partial results become one by halving.
float halving_sum(const float (&p)[lanes]) {
  float t[8], u[4];
  for (int i = 0; i < 8; ++i) t[i] = p[i] + p[i + 8];
  for (int i = 0; i < 4; ++i) u[i] = t[i] + t[i + 4];
  return (u[0] + u[2]) + (u[1] + u[3]);
}

float larger(float a, float b) { return a > b ? a : b; }

float widen(float w) { return w; }
float widen(std::uint16_t bf16) { return std::bit_cast<float>(static_cast<std::uint32_t>(bf16) << 16); }

template <class Element>
void matmul(const FloatMatmul& m) {
  for (int t = 0; t < m.tokens; ++t) {
    const float* x = m.x + static_cast<std::size_t>(t) * m.x_stride;
    for (int r = 0; r < m.rows; ++r) {
      const Element* w = static_cast<const Element*>(m.w) + static_cast<std::size_t>(r) * m.cols;
      float partial[lanes] = {};
      for (int k = 0; k < m.cols; ++k) partial[k % lanes] = std::fma(widen(w[k]), x[k], partial[k % lanes]);
      const float sum = halving_sum(partial);
      m.y[static_cast<std::size_t>(t) * m.y_stride + r] = m.bias ? sum + m.bias[r] : sum;
    }
  }
}

// Coefficients from the highest power down.
template <int count>
float horner(float x, const float (&coefficients)[count]) {
  float p = coefficients[0];
  for (int i = 1; i < count; ++i) p = std::fma(p, x, coefficients[i]);
  return p;
}

// x = n ln 2 + r with n = round(x / ln 2), |r| <= ln(2) / 2.
struct Reduced {
  float shifted;  // its last bits hold n
  float less_1;   // exp(r) - 1 = r + r^2 P(r)
};

Reduced reduce(float x) {
  const float shifted = std::fma(x, log2_e, to_integer);
  const float n = shifted - to_integer;
  float r = std::fma(n, -ln2_high, x);
  r = std::fma(n, -ln2_low, r);
  return {shifted, std::fma(horner(r, exp_coefficients), r * r, r)};
}

// x * 2^n
float scaled(float x, float shifted) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) +
                              (std::bit_cast<std::uint32_t>(shifted) << 23));
}

// exp(x) = 2^n exp(r)
float exp_of(float x) {
  if (x != x) return x;
  if (x < exp_zero_below) return 0.0f;
  if (x > exp_infinite_above) return std::bit_cast<float>(0x7f800000u);
  const Reduced reduced = reduce(x);
  return scaled(reduced.less_1 + 1.0f, reduced.shifted);
}

// tanh |x| = -t / (2 + t), t = exp(-2 |x|) - 1 = 2^n (exp(r) - 1) + (2^n - 1)
float capped(float x, float cap) {
  const float u = x / cap;
  const float a = u < 0.0f ? -u : u;
  const Reduced reduced = reduce((a < tanh_one_from ? a : tanh_one_from) * -2.0f);
  const float power = scaled(1.0f, reduced.shifted);
  const float t = std::fma(reduced.less_1, power, power - 1.0f);
  const float y = cap * (-t / (t + 2.0f));
  return x != x ? x : u < 0.0f ? -y : y;
}

float silu(float x) { return x / (1.0f + exp_of(-x)); }

// 0.5 x (1 + tanh u) = x / (1 + exp(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3)
float gelu_tanh(float x) {
  const float cubic = std::fma(x * x, gelu_tanh_cubic, 1.0f) * x;
  return x / (1.0f + exp_of(cubic * gelu_tanh_slope));
}

// x Phi(x)
float gelu_erf(float x) {
  const float a = x < 0.0f ? -x : x;
  const float t = 1.0f / std::fma(gelu_erf_stretch, a, 1.0f);
  const float tail = horner(t - 0.5f, gelu_erf_coefficients) * t * exp_of(a * -0.5f * a);
  return x < 0.0f ? x * tail : x * (1.0f - tail);
}

template <float (*activation)(float)>
void gate(const float* gate, const float* up, int n, float* y) {
  for (int i = 0; i < n; ++i) y[i] = up ? activation(gate[i]) * up[i] : activation(gate[i]);
}

void exp_all(const float* x, int n, float* y) {
  for (int i = 0; i < n; ++i) y[i] = exp_of(x[i]);
}

void rms_norm(const float* x, const float* w, int n, float epsilon, float* y) {
  float partial[lanes] = {};
  for (int i = 0; i < n; ++i) partial[i % lanes] = std::fma(x[i], x[i], partial[i % lanes]);
  const float mean = halving_sum(partial) / static_cast<float>(n);
  const float scale = 1.0f / std::sqrt(mean + epsilon);
  for (int i = 0; i < n; ++i) y[i] = x[i] * scale * w[i];
}

void layer_norm(const float* x, const float* w, const float* b, int n, float epsilon, float* y) {
  float sum[lanes] = {}, squares[lanes] = {};
  for (int i = 0; i < n; ++i) sum[i % lanes] = sum[i % lanes] + x[i];
  const float mean = halving_sum(sum) / static_cast<float>(n);
  for (int i = 0; i < n; ++i) squares[i % lanes] = std::fma(x[i] - mean, x[i] - mean, squares[i % lanes]);
  const float variance = halving_sum(squares) / static_cast<float>(n);
  const float scale = 1.0f / std::sqrt(variance + epsilon);
  for (int i = 0; i < n; ++i) {
    const float scaled = (x[i] - mean) * scale * w[i];
    y[i] = b ? scaled + b[i] : scaled;
  }
}

void soft_cap(const float* x, int n, float cap, float* y) {
  for (int i = 0; i < n; ++i) y[i] = capped(x[i], cap);
}

float widen(Float16 value) {
  const std::uint32_t bits = static_cast<std::uint32_t>(value);
  const std::uint32_t exponent = bits >> 10 & 0x1fu, fraction = bits & 0x3ffu;
  // Zero and subnormals: fraction * 2^-24.
  std::uint32_t magnitude = std::bit_cast<std::uint32_t>(static_cast<float>(fraction) * 0x1p-24f);
  if (exponent > 0) magnitude = (exponent + 112) << 23 | fraction << 13;
  if (exponent == 0x1f) magnitude = 0x7f800000u | fraction << 13;
  return std::bit_cast<float>((bits & 0x8000u) << 16 | magnitude);
}

float widen(std::int8_t code) { return static_cast<float>(code); }

// Dimension d of stored key or value j: times its scale where it is a code.
template <class Element>
float widen_stored(Element stored, const float* scales, int d, int j) {
  if constexpr (std::is_same_v<Element, std::int8_t>)
    return scales[static_cast<std::size_t>(d / kv_group) * attention_span + j] * widen(stored);
  return widen(stored);
}

template <class Element>
void attend(const SpanAttention& a) {
  const int width = padded_to_lanes(a.head_dim);
  const auto key = [&](int j, int d) {
    const Element* panel = static_cast<const Element*>(a.kv.keys) +
                           static_cast<std::size_t>(j / key_panel) * a.head_dim * key_panel;
    return widen_stored(panel[d * key_panel + j % key_panel], a.kv.key_scales, d, j);
  };
  const auto value = [&](int j, int d) {
    const Element* row = static_cast<const Element*>(a.kv.values) + static_cast<std::size_t>(j) * width;
    return widen_stored(row[d], a.kv.value_scales, d, j);
  };
  for (int row = 0; row < a.rows; ++row) {
    const float* q = a.q + static_cast<std::size_t>(row) * a.head_dim;
    float* weighted = a.weighted + static_cast<std::size_t>(row) * width;
    const int first = a.first[row], visible = a.visible[row];
    float weight[attention_span];
    float largest = -__builtin_inff();
    for (int j = first; j < visible; ++j) {
      float score = 0.0f;
      for (int d = 0; d < a.head_dim; ++d) score = std::fma(q[d], key(j, d), score);
      weight[j] = a.soft_cap > 0.0f ? capped(score, a.soft_cap) : score;
      largest = larger(weight[j], largest);
    }
    float partial[lanes] = {};
    for (int j = first; j < visible; ++j) {
      weight[j] = exp_of(weight[j] - largest);
      partial[j % lanes] = partial[j % lanes] + weight[j];
    }
    for (int d = 0; d < width; ++d) {
      float sum = 0.0f;
      for (int j = first; j < visible; ++j) sum = std::fma(weight[j], value(j, d), sum);
      weighted[d] = sum;
    }
    a.largest[row] = largest;
    a.sum[row] = halving_sum(partial);
  }
}

std::uint64_t fma_burst(std::uint64_t rounds, float* sink) {
  float sum[lanes] = {};
  for (std::uint64_t round = 0; round < rounds; ++round)
    for (float& s : sum) s = std::fma(s, 0.5f, 1.0f);
  *sink = halving_sum(sum);
  return rounds * lanes;
}

std::uint64_t read_burst(const void* memory, std::size_t bytes) {
  const char* at = static_cast<const char*>(memory);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i + 128 <= bytes; i += 128)
    for (std::size_t word = 0; word < 128; word += 8) {
      std::uint64_t value;
      __builtin_memcpy(&value, at + i + word, 8);
      sum += value;
    }
  return sum;
}

}  // namespace

const Kernels scalar_kernels = {
    .name = "scalar",
    .matmul_f32 = matmul<float>,
    .matmul_bf16 = matmul<std::uint16_t>,
    .attend_f32 = attend<float>,
    .attend_f16 = attend<Float16>,
    .attend_q8 = attend<std::int8_t>,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .silu_multiply = gate<silu>,
    .gelu_erf_multiply = gate<gelu_erf>,
    .gelu_tanh_multiply = gate<gelu_tanh>,
    .exp = exp_all,
    .soft_cap = soft_cap,
    .fma_burst = fma_burst,
    .read_burst = read_burst,
    .quantized = &scalar_quantized,
};

}  // namespace kelvin::kernels
