// AVX2 with AVX-VNNI: four products of bytes and their sum in one instruction, eight rows at a time.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/int_lanes_256.h"
#include "engine/kernels/quantized.h"

namespace kelvin {
namespace {

// The sum over weight x is wanted, the one over (weight + 128) x is made: start from -128 times the sum of x.
inline Int start_bytes(std::int32_t offset) { return splat(offset); }
// As asm: from the intrinsic GCC 12 makes a copy of the sum beside every product of a tile, and spills.
inline Int add_byte_products(Int sum, Int w, Int x) {
  asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(w), "x"(x));
  return sum;
}
inline Int add_nibble_products(Int sum, Int code, Int x) { return add_byte_products(sum, code, x); }
// A sum of sixteen code x lies within 16 * 8 * 127 < 2^15, so its low half says it all.
inline Int sub_scale_operand(Int s) { return both(s, splat(0xffff)); }
inline Int add_scaled(Int total, Int sum, Int s) { return _mm256_dpwssd_avx_epi32(total, sum, s); }
constexpr int most_tokens = 6, most_tokens_of_nibbles = 4;
constexpr int bytes_from = 2, unpack_from = 5;

}  // namespace
}  // namespace kelvin

#include "engine/kernels/pack_weights.h"
#include "engine/kernels/quantize_activations.h"
#include "engine/kernels/quantized_tiles.h"

namespace kelvin {
const QuantizedKernels avx_vnni_quantized = {"avx_vnni", matmul_q8, matmul_q4,     quantize_activations,
                                             pack_q8,    pack_q4,   multiply_burst};
}  // namespace kelvin
#endif
