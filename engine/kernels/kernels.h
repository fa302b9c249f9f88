// The inner loops, one table per instruction set. Every table gives the same bits: scalar.cpp is the
// specification, README.md beside it lists the order of operations. Kernels neither allocate nor know
// threads; buffers are the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kelvin {

namespace kernels {

// Sums of products run in this many partial sums, whatever a register holds.
constexpr int lanes = 16;
static constexpr int padded_to_lanes(int n) { return (n + lanes - 1) / lanes * lanes; }

// Rows of W in a register tile of the float products; blocks of rows are a multiple of it.
constexpr int tile_rows = 4;

// y = x W^T + bias for some rows of W.
struct FloatMatmul {
  const void* w;                // (rows, cols) row-major, float or bfloat16 bits, aligned to the element only
  int rows, cols;               // both >= 1
  const float* x;               // (tokens, cols)
  std::size_t x_stride;         // floats from token to token
  int tokens;                   // >= 1
  const float* bias = nullptr;  // (rows,) or nullptr
  float* y;                     // (tokens, rows)
  std::size_t y_stride;         // floats from token to token
};

// Keys that lie side by side in the key cache.
constexpr int key_panel = lanes;
// A span: absolute positions whose softmax is taken together; a multiple of key_panel.
constexpr int attention_span = 256;
// Dimensions of a head that share a scale where keys and values are stored in eight bits.
constexpr int kv_group = 32;

enum class Float16 : std::uint16_t {};  // its bits

// Keys and values of one span as float, Float16, or int8: scale * code.
struct KvSpan {
  const void* keys;           // (attention_span / key_panel, head_dim, key_panel)
  const void* values;         // (attention_span, padded_to_lanes(head_dim))
  const float* key_scales;    // int8 only: (ceil(head_dim / kv_group), attention_span)
  const float* value_scales;  // likewise
};

// Attention of some query rows over one span, not yet divided by the sum of weights.
struct SpanAttention {
  const float* q;  // (rows, head_dim), scaled; rows that share this key and value head
  KvSpan kv;
  int rows, head_dim;  // both >= 1
  const int* first;    // (rows,) the first key of the span a row sees; ascending
  const int* visible;  // (rows,) one past the last: first < visible <= attention_span; ascending
  float soft_cap;      // scores become soft_cap * tanh(score / soft_cap); 0: they stay
  float* largest;      // (rows,) out: largest score
  float* sum;          // (rows,) out: sum of exp(score - largest)
  float* weighted;     // (rows, padded_to_lanes(head_dim)) out: sum of exp(score - largest) * value
};

}  // namespace kernels

struct QuantizedKernels;

struct Kernels {
  const char* name;  // the word of KELVIN_ISA

  void (*matmul_f32)(const kernels::FloatMatmul& m);
  void (*matmul_bf16)(const kernels::FloatMatmul& m);
  // By what keys and values are stored as. All widen exactly but int8's scale * code, rounded once.
  void (*attend_f32)(const kernels::SpanAttention& a);
  void (*attend_f16)(const kernels::SpanAttention& a);
  void (*attend_q8)(const kernels::SpanAttention& a);

  // y = x / sqrt(mean(x^2) + epsilon) * w (Zhang and Sennrich 2019, arXiv 1910.07467)
  void (*rms_norm)(const float* x,  // (n,)
                   const float* w,  // (n,)
                   int n, float epsilon,
                   float* y);  // (n,); may be x itself

  // y = (x - mean) / sqrt(variance + epsilon) * w + b (Ba et al. 2016, arXiv 1607.06450)
  void (*layer_norm)(const float* x,  // (n,)
                     const float* w,  // (n,)
                     const float* b,  // (n,) or nullptr
                     int n, float epsilon,
                     float* y);  // (n,); may be x itself

  // y = activation(gate) * up: silu(x) = x / (1 + exp(-x)); gelu in its exact form and in the tanh form.
  // Where `up` is nullptr, y = activation(gate).
  using Gate = void(const float* gate,  // (n,)
                    const float* up,    // (n,)
                    int n, float* y);   // (n,); may be gate itself
  Gate *silu_multiply, *gelu_erf_multiply, *gelu_tanh_multiply;

  // y = exp(x), within 1.02 units in the last place; +0 below -87, +infinity above 88.72
  void (*exp)(const float* x,    // (n,)
              int n, float* y);  // (n,); may be x itself

  // y = cap * tanh(x / cap), cap > 0
  void (*soft_cap)(const float* x,               // (n,)
                   int n, float cap, float* y);  // (n,); may be x itself

  // For measuring the machine: `rounds` rounds of independent multiply-adds; returns how many those are.
  std::uint64_t (*fma_burst)(std::uint64_t rounds, float* sink);
  // Reads the memory once, in 128-byte steps. The returned sum of its words keeps the reads in.
  std::uint64_t (*read_burst)(const void* memory, std::size_t bytes);

  const QuantizedKernels* quantized;  // quantized.h
};

// The tables this build and this processor can run, best first; the last one is scalar.
std::span<const Kernels* const> supported_kernels();

// The first supported one, or the one KELVIN_ISA names (unset or empty: none). Throws std::invalid_argument
// for a word that is unknown or cannot run here.
const Kernels& best_kernels();
const Kernels& kernels_named(const char* name);

namespace kernels {

// The specification, which every other table equals bit for bit (scalar.cpp).
extern const Kernels scalar_kernels;

}  // namespace kernels
}  // namespace kelvin
