// Packed formats that hold a quantised file's own numbers: GGUF's, and what else consists of short codes with a
// scale for some of them. One family: a row says how many bits a code has, what its values are, and how scales
// are stored. Nothing is rounded when a file is packed so.
//
//   weight = scale * value + minimum    value: code - zero, or an entry of a table; minimum: 0 where there is none
//
//   header  by ScaleKind, all for (groups, 16 rows), or for 128 k at a time where `scale_shift` is 2:
//     single          float scale[groups][16], then, if there are minima, int8 z[groups][16]
//                     minimum = scale * -z
//     half, bfloat16  uint16 scale[groups][16], then, if there are minima, uint16 minimum[groups][16]
//     bytes           int8 s[groups][16], int8 t[groups][16] if there are minima, float16 d[16], float16 m[16]
//     nibbles         uint8 s | t << 4 [groups][16], float16 d[16], float16 m[16]
//                     scale = unit * s * d, minimum = t * m
//   codes   for 32 k at a time 64 bytes per bit of a code: planes of 4, 2 or 1 bits, one after the other, lines
//           of 64 bytes each; byte 4 r + i of a line holds row r, k = 4 step + i, the steps of a line from the low
//           bits up. 3 bits are planes of 2 and 1, 5 of 4 and 1, 6 of 4 and 2; 8 bits are code + 128.
//
// The product, per group of 16 or 32 k in order (sub_blocks.cpp is the specification):
//   y = fma(float(sum of value * x), scale * scale_x, y)
//   y = fma(minimum, scale_x * float(sum of x), y)    with minima
#pragma once

#include "engine/kernels/packed_formats.h"

namespace kelvin::kernels {

enum class ScaleKind : unsigned char { single, half, bfloat16, bytes, nibbles };

struct SubBlocks {
  int code_bits;              // 1, 2, 3, 4, 5, 6 or 8
  const std::int8_t* values;  // (16,): of each code; nullptr: the code itself - zero
  int zero;                   // value + zero is a byte without sign
  int largest;                // and at most this
  ScaleKind scales;
  float unit;  // of scales that are bytes: a power of two
  bool minima;
  int scale_shift = 0;  // group g has the scale number g >> scale_shift
};

constexpr int sub_blocks_version = 1;  // of these layouts in files, as packed_version
constexpr int sub_block_lines = 32;    // k whose codes lie together

constexpr std::int8_t sign_values[16] = {-1, 1};
constexpr std::int8_t iq1_values[16] = {-9, -7, -1, 1, 7, 9};
constexpr std::int8_t iq2_values[16] = {8, 25, 43, 0, -8, -25, -43, 0};
constexpr std::int8_t iq3_xxs_values[16] = {4,  12,  20,  28,  36,  44,  52,  62,
                                            -4, -12, -20, -28, -36, -44, -52, -62};
constexpr std::int8_t iq3_s_values[16] = {1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15};
constexpr std::int8_t iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                        1,    13,   25,  38,  53,  69,  89,  113};
constexpr std::int8_t fp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};  // twice

constexpr SubBlocks q1_0_codes = {1, sign_values, 1, 2, ScaleKind::half, 1.0f, false};
constexpr SubBlocks ternary_codes = {2, nullptr, 1, 3, ScaleKind::bytes, 1.0f, false};
constexpr SubBlocks iq1_codes = {3, iq1_values, 128, 255, ScaleKind::bytes, 0.125f, false};
constexpr SubBlocks iq2_codes = {3, iq2_values, 128, 255, ScaleKind::bytes, 0.125f, false};
constexpr SubBlocks q2_k_codes = {2, nullptr, 0, 3, ScaleKind::nibbles, 1.0f, true};
constexpr SubBlocks q3_k_codes = {3, nullptr, 4, 7, ScaleKind::bytes, 1.0f, false};
constexpr SubBlocks iq3_xxs_codes = {4, iq3_xxs_values, 128, 255, ScaleKind::bytes, 0.25f, false};
constexpr SubBlocks iq3_s_codes = {4, iq3_s_values, 15, 30, ScaleKind::bytes, 1.0f, false};
constexpr SubBlocks q4_0_codes = {4, nullptr, 8, 15, ScaleKind::half, 1.0f, false};
constexpr SubBlocks q4_1_codes = {4, nullptr, 0, 15, ScaleKind::half, 1.0f, true};
constexpr SubBlocks q4_k_codes = {4, nullptr, 0, 15, ScaleKind::bytes, 1.0f, true};
constexpr SubBlocks iq4_nl_codes = {4, iq4_values, 128, 255, ScaleKind::half, 1.0f, false};
constexpr SubBlocks iq4_xs_codes = {4, iq4_values, 128, 255, ScaleKind::bytes, 1.0f, false};
constexpr SubBlocks mxfp4_codes = {4, fp4_values, 12, 24, ScaleKind::bfloat16, 1.0f, false};
constexpr SubBlocks nvfp4_codes = {4, fp4_values, 12, 24, ScaleKind::half, 1.0f, false};
constexpr SubBlocks q5_0_codes = {5, nullptr, 16, 31, ScaleKind::half, 1.0f, false};
constexpr SubBlocks q5_1_codes = {5, nullptr, 0, 31, ScaleKind::half, 1.0f, true};
constexpr SubBlocks q5_k_codes = {5, nullptr, 0, 31, ScaleKind::bytes, 1.0f, true};
constexpr SubBlocks q6_k_codes = {6, nullptr, 32, 63, ScaleKind::bytes, 1.0f, false};
constexpr SubBlocks q8_0_codes = {8, nullptr, 128, 255, ScaleKind::half, 1.0f, false};
// Of folders, whose scales are float32 at most and hold for 128 k or for rows.
constexpr SubBlocks int4_codes = {4, nullptr, 8, 15, ScaleKind::single, 1.0f, false, 2};
constexpr SubBlocks int4_zero_codes = {4, nullptr, 8, 15, ScaleKind::single, 1.0f, true, 2};
constexpr SubBlocks int8_codes = {8, nullptr, 128, 255, ScaleKind::single, 1.0f, false, 2};
constexpr SubBlocks int8_zero_codes = {8, nullptr, 128, 255, ScaleKind::single, 1.0f, true, 2};

static constexpr int scale_bytes(const SubBlocks& codes) {
  return codes.scales == ScaleKind::single ? 4 : codes.scales <= ScaleKind::bfloat16 ? 2 : 1;
}

// Byte offsets in a header.
static constexpr int groups_of(const PackedFormat& format) { return block_width / format.group; }
static constexpr int minima_at(const PackedFormat& format) {
  const SubBlocks& codes = *format.sub_blocks;
  return (groups_of(format) >> codes.scale_shift) * panel_rows * scale_bytes(codes);
}
static constexpr int super_scales_at(const PackedFormat& format) {
  const SubBlocks& codes = *format.sub_blocks;
  const bool two = codes.minima && codes.scales != ScaleKind::nibbles;
  return minima_at(format) * (two ? 2 : 1);
}
static constexpr int super_minima_at(const PackedFormat& format) {
  return super_scales_at(format) + panel_rows * 2;
}
static constexpr int sub_block_header(int group, const SubBlocks& codes) {
  const int numbers = (block_width / group >> codes.scale_shift) * panel_rows;
  const int kinds = codes.minima ? 2 : 1, super = kinds * panel_rows * 2;
  const int bytes = codes.scales == ScaleKind::single     ? numbers * (codes.minima ? 5 : 4)
                    : codes.scales <= ScaleKind::bfloat16 ? numbers * 2 * kinds
                    : codes.scales == ScaleKind::bytes    ? numbers * kinds + super
                                                          : numbers + super;
  return (bytes + 63) / 64 * 64;
}

void read_row_sub_blocks(const PackedFormat& format, const std::byte* block, int row, int width,
                         float* scales, float* minima, std::int16_t* integers);
void matmul_sub_blocks_scalar(const QuantizedMatmul& m);

// `short_planes` of activations for the inputs of `gate` and `up`, `planes` for others.
static constexpr PackedFormat sub_block_format(const char* name, int group, const SubBlocks& codes,
                                               int planes = 1) {
  return {.name = name,
          .header_bytes = sub_block_header(group, codes),
          .step_bytes = 8 * codes.code_bits,
          .group = group,
          .scales_at = 0,
          .activations = {.planes = planes, .group = 32},
          .short_activations = {.planes = 1, .group = 32},
          .exact_embedding = false,
          .kernels = &QuantizedKernels::sub_blocks,
          .read_row = read_row_sub_blocks,
          .sub_blocks = &codes};
}

// GGUF's types; those that share a row hold the same numbers in more compact ways. Fewest bits first.
constexpr PackedFormat sub_block_formats[] = {
    sub_block_format("q1_0", 32, q1_0_codes),        // 1.5 bits a weight: Q1_0
    sub_block_format("tq", 16, ternary_codes),       // 2.625: TQ1_0, TQ2_0
    sub_block_format("q2_k", 16, q2_k_codes),        // 2.625: Q2_K
    sub_block_format("iq1", 16, iq1_codes),          // 3.625: IQ1_S, IQ1_M
    sub_block_format("iq2", 16, iq2_codes),          // 3.625: IQ2_XXS, IQ2_XS, IQ2_S
    sub_block_format("q3_k", 16, q3_k_codes),        // 3.625: Q3_K
    sub_block_format("iq3_xxs", 32, iq3_xxs_codes),  // 4.375: IQ3_XXS
    sub_block_format("iq3_s", 32, iq3_s_codes),      // 4.375: IQ3_S
    sub_block_format("iq4_xs", 32, iq4_xs_codes),    // 4.375: IQ4_XS
    sub_block_format("q4_0", 32, q4_0_codes),        // 4.5: Q4_0
    sub_block_format("iq4_nl", 32, iq4_nl_codes),    // 4.5: IQ4_NL
    sub_block_format("mxfp4", 32, mxfp4_codes),      // 4.5: MXFP4
    sub_block_format("q4_k", 32, q4_k_codes),        // 4.625: Q4_K
    sub_block_format("q4_1", 32, q4_1_codes),        // 5: Q4_1
    sub_block_format("nvfp4", 16, nvfp4_codes),      // 5: NVFP4
    sub_block_format("q5_0", 32, q5_0_codes),        // 5.5: Q5_0
    sub_block_format("q5_k", 32, q5_k_codes),        // 5.625: Q5_K
    sub_block_format("q5_1", 32, q5_1_codes),        // 6: Q5_1
    sub_block_format("q6_k", 16, q6_k_codes),        // 6.625: Q6_K
    sub_block_format("q8_0", 32, q8_0_codes),        // 8.5: Q8_0
    // Of folders: AWQ, GPTQ, compressed-tensors.
    sub_block_format("int4", 32, int4_codes),            // 4.25
    sub_block_format("int4_zero", 32, int4_zero_codes),  // 4.375: with zero points
    sub_block_format("int8", 32, int8_codes),            // 8.25
    sub_block_format("int8_zero", 32, int8_zero_codes),  // 8.375
};

}  // namespace kelvin::kernels
