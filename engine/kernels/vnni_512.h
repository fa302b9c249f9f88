// Products of bytes by AVX-512 VNNI, for integer_kernels.h. Included after int_lanes_512.h.
#pragma once

#include <cstdint>

namespace kelvin::kernels {
namespace {

// The sum over weight x is wanted, the one over (weight + 128) x is made: start from -128 times the sum of x.
inline Int start_int8(std::int32_t offset) { return splat(offset); }
// As asm: from the intrinsic GCC 12 makes a copy of the sum beside every product of a tile, and spills.
inline Int add_int8_products(Int sum, Int w, Int x) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(w), "v"(x));
  return sum;
}
inline Int add_int4_products(Int sum, Int code, Int x) { return add_int8_products(sum, code, x); }
// A sum of sixteen code x lies within 16 * 8 * 127 < 2^15, so its low half says it all.
inline Int sub_scale_operand(Int s) { return bit_and(s, splat(0xffff)); }
inline Int add_scaled(Int total, Int sum, Int s) { return _mm512_dpwssd_epi32(total, sum, s); }
constexpr bool byte_products_in_int16 = false;
constexpr int max_columns_two_sums = max_columns;
constexpr int max_columns_sub_blocks = 6, kept_tokens = 6;
constexpr int direct_tokens = 8, most_direct_tokens = 16;

}  // namespace
}  // namespace kelvin::kernels
