// AVX2 with AVX-VNNI: four products of bytes and their sum in one instruction, eight rows at a time.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/int_lanes_256.h"
#include "engine/kernels/quantized.h"

namespace kelvin::kernels {
namespace {

// The sum over weight x is wanted, the one over (weight + 128) x is made: start from -128 times the sum of x.
inline Int start_int8(std::int32_t offset) { return splat(offset); }
// As asm: from the intrinsic GCC 12 makes a copy of the sum beside every product of a tile, and spills.
inline Int add_int8_products(Int sum, Int w, Int x) {
  asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(w), "x"(x));
  return sum;
}
inline Int add_int4_products(Int sum, Int code, Int x) { return add_int8_products(sum, code, x); }
// A sum of sixteen code x lies within 16 * 8 * 127 < 2^15, so its low half says it all.
inline Int sub_scale_operand(Int s) { return bit_and(s, splat(0xffff)); }
inline Int add_scaled(Int total, Int sum, Int s) { return _mm256_dpwssd_avx_epi32(total, sum, s); }
constexpr int max_columns = 6, max_columns_int4_direct = 4;
constexpr int int4_to_int8_from = 2, unpack_from = 5;
constexpr bool byte_products_in_int16 = false;
constexpr int max_columns_two_sums = max_columns;
constexpr int max_columns_sub_blocks = max_columns, kept_tokens = 1;
constexpr int direct_tokens = 4, most_direct_tokens = 4;

}  // namespace
}  // namespace kelvin::kernels

#include "engine/kernels/integer_kernels.h"

namespace kelvin::kernels {
void avx_vnni_integers(QuantizedKernels& table) { install_integers(table); }
}  // namespace kelvin::kernels
#endif
