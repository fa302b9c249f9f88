// Matrix products in integers: packed weights of 8 and 4 bits times activations of 8 or 16. One layout for
// every instruction set; every table gives the bits of quantized_scalar.cpp.
//
// A packed matrix is a row of panels of 16 output rows; a panel is a row of blocks of 256 k (the last one
// shorter, a multiple of 64, filled up with zero weights). A block is a header and then step after step, four k
// of sixteen rows each: byte 4 r + i of the 64 bytes of step s is row r, k = 4 s + i. packed_formats.h has a
// row for each format.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kelvin {

struct QuantizedKernels;

namespace kernels {

struct FormatKernels;

constexpr int packed_version = 1;  // of this layout in files: another number wherever bytes change meaning
constexpr int panel_rows = 16;
constexpr int block_width = 256;  // k of a block
constexpr int step_width = 4;     // k side by side
constexpr int k_padding = 64;     // the last block's width is a multiple of it

// How activations become codes in [-127, 127]: of 8 bits in one plane, x = scale * code, or of 16 bits in
// two, x = scale * (256 * code of plane 0 + code of plane 1).
struct ActivationFormat {
  int planes;  // 1 or 2
  int group;   // k that share one scale: 32, or as many as of the weights they are multiplied with

  bool operator==(const ActivationFormat&) const = default;
};

struct SubBlocks;  // sub_blocks.h

// A weight is scale * integer + minimum, both those of its group of k, which divides a block. What the integer is
// made of (a code, a code times a sub-scale, an entry of a table) is the format's own matter.
struct PackedFormat {
  const char* name;                    // of the storage, on command lines and in files
  int header_bytes;                    // of a block, before its steps; a multiple of 64
  int step_bytes;                      // of 16 rows x 4 k
  int group;                           // k that share one scale
  int scales_at;                       // where they begin in the header: (256 / group, 16) bfloat16
  ActivationFormat activations;        // what the products take: 16 bits where the format has them
  ActivationFormat short_activations;  // and 8 bits
  bool exact_embedding;                // an embedding of its own stays bf16: it is only looked up, row by row
  FormatKernels QuantizedKernels::*kernels;

  // One row of a block of `width` k: what its bytes mean. The scalar product and unpack_row are made of it.
  void (*read_row)(const PackedFormat& format, const std::byte* block, int row, int width,
                   float* scales,            // (ceil(width / group),) out
                   float* minima,            // likewise; left alone by formats without them
                   std::int16_t* integers);  // (width,) out

  const SubBlocks* sub_blocks = nullptr;  // of those that hold a file's own numbers
};

static constexpr int padded_width(int cols) { return (cols + k_padding - 1) / k_padding * k_padding; }
static constexpr int code_bits(const PackedFormat& format) {
  return 8 * format.step_bytes / (panel_rows * step_width);
}
static constexpr std::size_t block_bytes(const PackedFormat& format, int width) {
  return static_cast<std::size_t>(format.header_bytes + width / step_width * format.step_bytes);
}
static constexpr std::size_t panel_bytes(const PackedFormat& format, int cols) {
  const std::size_t width = (static_cast<std::size_t>(cols) + k_padding - 1) / k_padding * k_padding;
  return (width + block_width - 1) / block_width * static_cast<std::size_t>(format.header_bytes) +
         width / step_width * static_cast<std::size_t>(format.step_bytes);
}

// k that share one integer sub-scale in q4. The sums of activations over them are kept for every format with
// one scale per block.
constexpr int sub_width = 16;
constexpr int subs_per_block = block_width / sub_width;
constexpr int min_group = 64;  // of the formats that numbers are packed to
constexpr int max_groups = subs_per_block;

// Activations of some tokens, each quantised on its own. A group that holds NaN or infinity gets scale NaN, so
// that it is not lost; one without a value above 2^-100 gets 0.
struct QuantizedActivations {
  ActivationFormat format;
  int tokens, cols;    // cols as the matrix has them; blocks = ceil(cols / 256), groups = 256 / format.group
  std::int8_t* codes;  // (blocks, tokens, planes, 256), 0 beyond cols; activation_slack bytes behind it may
                       // be read
  float* scales;       // (blocks, groups, tokens)
  std::int32_t* offsets;  // (blocks, groups, tokens, planes): -128 times the sum of a group's codes; where
                          // groups are of 32 k (blocks, 16, tokens, planes): minus that of sixteen codes
  std::int32_t* sub_offsets;  // (blocks, tokens, 16), where a block is one group: -8 times the sum of sixteen
                              // codes, its low 16 bits
};

constexpr int activation_slack = 31 * block_width;          // tiles of 32 rows of codes
constexpr float plane_steps[] = {127.0f, 127.0f * 256.0f};  // of the largest value, in 8 bits and in 16

// y = W x + bias for some panels of W. y[r] = 0, then in order per group g of k
//   y[r] = fma(float(sum over k in g of w[r][k] x[k]), scale_w[g][r] * scale_x[g], y[r]);
// then the bias. w and x are the integers, and the sum is one, exact in int32: below 256 * 127 * 128 < 2^22
// with codes of 8 bits, 64 * 32639 * 128 < 2^28 with codes of 16. In float it is rounded once.
struct QuantizedMatmul {
  const std::byte* w;                    // the first panel; any alignment
  int rows;                              // >= 1; only the last panel may be used in part
  QuantizedActivations x;                // its cols are those of W, its format one of W's
  const float* bias;                     // (rows,) or nullptr
  float* y;                              // (tokens, rows), y_stride floats from token to token
  std::size_t y_stride;                  //
  float* scratch;                        // (matmul_scratch(tokens),), 64-byte aligned
  const PackedFormat* format = nullptr;  // that of W; only those with sub-blocks ask for it
};

constexpr int unpacked_panels = 4;  // whose weights are unpacked together
constexpr int max_panels = 8;       // that share one pass over many tokens' activations
// Room for their weights, as int16.
constexpr std::size_t unpacked_floats = 2 * max_panels * panel_rows * block_width / sizeof(float);
static constexpr std::size_t matmul_scratch(int tokens) {
  return unpacked_floats + static_cast<std::size_t>(tokens) * max_panels * panel_rows;
}

// Packing a block with error feedback (engine/quantize/error_feedback.h): before a column is rounded, what
// the errors of the columns before it ask for is added.
struct BlockFeedback {
  const float* weights;  // (width, 16), where those to pack hold in addition what earlier blocks ask for
  const float* factors;  // (width, width): row k, column j: how much of the error of j < k goes to k
  float* error;          // (width, 16) out: weights less what they became; 0 in rows with NaN or infinity
};

// What a table has for one format.
struct FormatKernels {
  void (*matmul)(const QuantizedMatmul& m);

  // One block of weights. A row that holds NaN or infinity gets scale NaN.
  // nullptr: numbers are not packed to this format.
  void (*pack)(float* w,                        // (width, 16): k by k the sixteen rows; overwritten
               int width,                       // a multiple of 64, at most 256
               std::byte* block,                // (block_bytes(format, width),)
               const BlockFeedback* feedback);  // nullptr: none
};

}  // namespace kernels

struct QuantizedKernels {
  const char* name;

  // By the format of the weights; PackedFormat::kernels names them.
  kernels::FormatKernels q8, q4, sub_blocks;

  // Fills in one token.
  void (*quantize_activations)(const float* x,  // (out.cols,)
                               const kernels::QuantizedActivations& out, int token);

  // For measuring the machine: `rounds` rounds of independent multiply-adds of bytes; returns how many
  // multiplications were done.
  std::uint64_t (*multiply_burst)(std::uint64_t rounds, std::int32_t* sink);
};

namespace kernels {

// The specification, which every other table equals bit for bit (quantized_scalar.cpp).
extern const QuantizedKernels scalar_quantized;

}  // namespace kernels
}  // namespace kelvin
