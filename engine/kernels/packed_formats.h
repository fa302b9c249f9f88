// The packed formats: a row for each, which everything else about them is looked up in.
//
//   q8 header  bfloat16 scale[4][16], one for 64 k
//      step    64 bytes, integer + 128, 1 <= byte
//   q4 header  128 bytes of sub-scales: byte 16 (j / 2) + r, low half for even j, is the size m of sub-scale j
//              (16 k) of row r; uint16 sign[16]: bit r of sign[j] makes it -m; bfloat16 scale[16]
//      step    per pair of steps 64 bytes, code + 8: low halves the even step, high halves the odd one;
//              integer = +-m code, -8 <= code <= 7, so that it lies within +-120
#pragma once

#include "engine/kernels/quantized.h"

namespace kelvin::kernels {

constexpr int q4_signs = 128, q4_scales = 160;  // byte offsets in a block

// The specification, in plain loops: packed_q8.cpp and packed_q4.cpp.
void read_row_q8(const PackedFormat& format, const std::byte* block, int row, int width, float* scales,
                 float* minima, std::int16_t* integers);
void read_row_q4(const PackedFormat& format, const std::byte* block, int row, int width, float* scales,
                 float* minima, std::int16_t* integers);
void pack_q8_scalar(float* w, int width, std::byte* block, const BlockFeedback* feedback);
void pack_q4_scalar(float* w, int width, std::byte* block, const BlockFeedback* feedback);

constexpr PackedFormat q8_format = {
    .name = "q8",
    .header_bytes = 128,
    .step_bytes = 64,
    .group = 64,
    .scales_at = 0,
    .activations = {.planes = 2, .group = 64},
    .short_activations = {.planes = 1, .group = 64},
    .exact_embedding = true,
    .kernels = &QuantizedKernels::q8,
    .read_row = read_row_q8,
};

constexpr PackedFormat q4_format = {
    .name = "q4",
    .header_bytes = 192,
    .step_bytes = 32,
    .group = 256,
    .scales_at = q4_scales,
    .activations = {.planes = 1, .group = 256},
    .short_activations = {.planes = 1, .group = 256},
    .exact_embedding = false,
    .kernels = &QuantizedKernels::q4,
    .read_row = read_row_q4,
};

// What numbers are packed to. sub_blocks.h has the formats that hold a file's own numbers.
constexpr const PackedFormat* packed_formats[] = {&q8_format, &q4_format};

}  // namespace kelvin::kernels
