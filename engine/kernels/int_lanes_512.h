// Sixteen int32 in one AVX-512 register (F, BW, VL, DQ): the operations the integer kernels are written in.
#pragma once

#include <cstdint>

namespace kelvin::kernels {
namespace {

using Int = __m512i;
using Float = __m512;
constexpr int int_lanes = 16;
constexpr int tile_panels = 2, max_columns = 8;  // 16 of 32 registers hold sums
constexpr int max_columns_int4_direct = 8;

inline Int zero() { return _mm512_setzero_si512(); }
inline Int splat(std::int32_t x) { return _mm512_set1_epi32(x); }
inline Int load(const void* from) { return _mm512_loadu_si512(from); }
inline void store(void* to, Int x) { _mm512_storeu_si512(to, x); }
inline Int add(Int a, Int b) { return _mm512_add_epi32(a, b); }
inline Int subtract(Int a, Int b) { return _mm512_sub_epi32(a, b); }
inline Int add_int16(Int a, Int b) { return _mm512_add_epi16(a, b); }
inline Int subtract_int16(Int a, Int b) { return _mm512_sub_epi16(a, b); }
inline Int add_bytes(Int a, Int b) { return _mm512_add_epi8(a, b); }
inline Int multiply_int16(Int a, Int b) { return _mm512_mullo_epi16(a, b); }
// Sums of two products: unsigned times signed bytes to int16 (saturating), int16 to int32.
inline Int multiply_add_bytes(Int x, Int w) { return _mm512_maddubs_epi16(x, w); }
inline Int multiply_add_int16(Int a, Int b) { return _mm512_madd_epi16(a, b); }
inline Int bit_and(Int a, Int b) { return _mm512_and_si512(a, b); }
inline Int bit_or(Int a, Int b) { return _mm512_or_si512(a, b); }
inline Int bit_xor(Int a, Int b) { return _mm512_xor_si512(a, b); }
inline Int shift_left(Int a, int bits) { return _mm512_slli_epi32(a, bits); }
inline Int shift_right(Int a, int bits) { return _mm512_srli_epi32(a, bits); }
inline Int shift_left_int16(Int a, int bits) { return _mm512_slli_epi16(a, bits); }
inline Int shift_right_int16(Int a, int bits) { return _mm512_srli_epi16(a, bits); }
inline Int shift_right_signed_int16(Int a, int bits) { return _mm512_srai_epi16(a, bits); }
inline Int blend_int16(Int even, Int odd) { return _mm512_mask_blend_epi16(0xaaaaaaaau, even, odd); }
// Keeps the compiler from reordering a sum's additions, which would keep all terms in registers.
inline void optimization_barrier(Int& a) { asm("" : "+v"(a)); }
// Of each 32 bytes: two of the first sixteen, two of the others, and so on.
inline Int interleave(Int a) {
  const Int words =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));
  return _mm512_shuffle_epi8(_mm512_permutex_epi64(a, 0xd8), words);
}
inline Float to_float(Int a) { return _mm512_cvtepi32_ps(a); }
inline Float splat_float(float x) { return _mm512_set1_ps(x); }
inline Float load_float(const float* from) { return _mm512_loadu_ps(from); }
inline void store_float(float* to, Float x) { _mm512_storeu_ps(to, x); }
inline Float multiply(Float a, Float b) { return _mm512_mul_ps(a, b); }
inline Float smaller(Float a, Float b) { return _mm512_min_ps(a, b); }
inline Float larger(Float a, Float b) { return _mm512_max_ps(a, b); }
inline Float multiply_add(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }

inline Int load_bytes_wide(const std::byte* from) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
// Sixteen entries for each quarter of a register, and the entry of each byte, 0..15.
inline Int load_table(const std::uint8_t* from) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline Int look_up(Int table, Int bytes) { return _mm512_shuffle_epi8(table, bytes); }
// Numbers of a header as floats.
inline Float load_halves(const std::byte* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
inline Float load_bfloats(const std::byte* from) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
inline Int load_signed_bytes_wide(const std::byte* from) {
  return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
// -a in int_lanes whose bit is set
inline Int negate_lanes(Int a, std::uint16_t bits, int) { return _mm512_mask_sub_epi32(a, bits, zero(), a); }
inline Int repeat_low_int16(Int a) {
  return _mm512_shuffle_epi8(a, _mm512_set4_epi32(0x0d0c0d0c, 0x09080908, 0x05040504, 0x01000100));
}

// out[i] = the sum of 8 bytes as unsigned numbers, of the eight groups of eight in 64 bytes
inline void sum_bytes(const std::int8_t* from, Int flip, std::uint64_t* out) {
  store(out, _mm512_sad_epu8(bit_xor(load(from), flip), zero()));
}

}  // namespace
}  // namespace kelvin::kernels
