// Matrix products in integers: packed 8-bit and 4-bit weights times activations of 8 bits. One layout for
// every instruction set; every table gives the bits of quantized_scalar.cpp.
//
// A packed matrix is a row of panels of 16 output rows; a panel is a row of blocks of 256 k (the last one
// shorter, a multiple of 64, filled up with zero weights). Sixteen rows and four k lie side by side: byte 4 r
// + i of the 64 bytes of step s is row r, k = 4 s + i.
//   q8 block   bfloat16 scale[4][16], one for 64 k; then per step 64 bytes, weight + 128
//              w = scale (byte - 128), 1 <= byte
//   q4 block   128 bytes of sub-scales: byte 16 (j / 2) + r, low half for even j, is the size m of
//              sub-scale j (16 k) of row r;
//              uint16 sign[16]: bit r of sign[j] makes it -m; bfloat16 scale[16];
//              then per pair of steps 64 bytes, code + 8: low halves the even step, high halves the odd one
//              w = scale (+-m code), -8 <= code <= 7, so that |m code| <= 120
#pragma once

#include <cstddef>
#include <cstdint>

namespace kelvin {

constexpr int packed_version = 1;  // of this layout in files: another number wherever bytes change meaning
constexpr int panel_rows = 16;
constexpr int group_width = 256;  // k that share one scale, of q4 weights and of activations
constexpr int span_width = 64;    // k that share one scale of q8
constexpr int step_width = 4;     // k side by side
constexpr int sub_width = 16;     // k that share one sub-scale of q4
constexpr int k_padding = 64;     // the last block's width is a multiple of it
constexpr int groups_of_subs = group_width / sub_width;
constexpr int groups_of_spans = group_width / span_width;

constexpr int q8_header = 2 * groups_of_spans * panel_rows;
constexpr int q4_signs = 128, q4_scales = 160, q4_header = 192;  // byte offsets in a block

// How activations become codes in [-127, 127]: of 8 bits in one plane, x = scale * code, or of 16 bits in
// two, x = scale * (256 * code of plane 0 + code of plane 1).
struct ActivationFormat {
  int planes;  // 1 or 2
  int span;    // k that share one scale: span_width for q8 weights, group_width for q4
};
constexpr ActivationFormat activations_of_q4{1, group_width};
constexpr ActivationFormat activations_of_q8{2, span_width};
constexpr ActivationFormat short_activations_of_q8{1, span_width};

// Activations of some tokens, each quantised on its own. A span that holds NaN or infinity gets scale NaN, so
// that it is not lost; one without a value above 2^-100 gets 0.
struct QuantizedActivations {
  ActivationFormat format;
  int tokens, cols;    // cols as the matrix has them; groups = ceil(cols / 256), spans = 256 / format.span
  std::int8_t* codes;  // (groups, tokens, planes, 256), 0 beyond cols; activation_slack bytes behind it may
                       // be read
  float* scales;       // (groups, spans, tokens)
  std::int32_t* offsets;      // (groups, spans, tokens, planes): -128 times the sum of a span's codes
  std::int32_t* sub_offsets;  // (groups, tokens, 16), for q4 alone: -8 times the sum of sixteen codes, its
                              // low 16 bits
};

constexpr int activation_slack = 31 * group_width;          // tiles of 32 rows of codes
constexpr float plane_steps[] = {127.0f, 127.0f * 256.0f};  // of the largest value, in 8 bits and in 16

// y = W x + bias for some panels of W. y[r] = 0, then in order per g, the 256 k (q4) or 64 k (q8) of one
// scale, y[r] = fma(float(sum over k in g of w[r][k] x[k]), scale_w[g][r] * scale_x[g], y[r]); then the bias.
// x[k] is the code of 8 or 16 bits, and the sum an integer, exact in int32: below 256 * 127 * 128 < 2^22, or
// 64 * 32639 * 128 < 2^28. In float it is rounded once.
struct QuantizedMatmul {
  const std::byte* w;      // the first panel; any alignment
  int rows;                // >= 1; only the last panel may be used in part
  QuantizedActivations x;  // its cols are those of W, its span that of W's format
  const float* bias;       // (rows,) or nullptr
  float* y;                // (tokens, rows), y_stride floats from token to token
  std::size_t y_stride;    //
  float* scratch;          // (matmul_scratch(tokens),), 64-byte aligned
};

constexpr int block_panels = 4;  // panels whose weights are unpacked together
constexpr int most_panels = 8;   // panels that share one pass over many tokens' activations
constexpr std::size_t unpacked_floats =
    2 * most_panels * panel_rows * group_width / sizeof(float);  // as int16
static constexpr std::size_t matmul_scratch(int tokens) {
  return unpacked_floats + static_cast<std::size_t>(tokens) * most_panels * panel_rows;
}

// Packing a block with error feedback (engine/quantize/error_feedback.h): before a column is rounded, what the errors
// of the columns before it ask for is added.
struct BlockFeedback {
  const float* weights;  // (width, 16), where those to pack hold in addition what earlier blocks ask for
  const float* factors;  // (width, width): row k, column j: how much of the error of j < k goes to k
  float* error;          // (width, 16) out: weights less what they became; 0 in rows with NaN or infinity
};

struct QuantizedKernels {
  const char* name;

  void (*matmul_q8)(const QuantizedMatmul& m);
  void (*matmul_q4)(const QuantizedMatmul& m);

  // Fills in one token.
  void (*quantize_activations)(const float* x,  // (out.cols,)
                               const QuantizedActivations& out, int token);

  // One block of weights. A row that holds NaN or infinity gets scale NaN.
  void (*pack_q8)(float* w,                        // (width, 16): k by k the sixteen rows; overwritten
                  int width,                       // a multiple of 64, at most 256
                  std::byte* block,                // (q8_header + 16 width,)
                  const BlockFeedback* feedback);  // nullptr: none
  void (*pack_q4)(float* w,                        // (width, 16); overwritten
                  int width,                       //
                  std::byte* block,                // (q4_header + 8 width,)
                  const BlockFeedback* feedback);  // nullptr: none

  // For measuring the machine: `rounds` rounds of independent multiply-adds of bytes; returns how many
  // multiplications were done.
  std::uint64_t (*multiply_burst)(std::uint64_t rounds, std::int32_t* sink);
};

extern const QuantizedKernels scalar_quantized;
#if defined(__x86_64__)
extern const QuantizedKernels avx2_quantized;
extern const QuantizedKernels avx_vnni_quantized;
extern const QuantizedKernels avx512_quantized;
extern const QuantizedKernels avx512_vnni_quantized;
extern const QuantizedKernels amx_quantized;
#endif

}  // namespace kelvin
