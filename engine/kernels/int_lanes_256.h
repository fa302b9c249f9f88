// Eight int32 in one AVX2 register: the operations the integer kernels are written in.
#pragma once

#include <cstdint>

namespace kelvin::kernels {
namespace {

using Int = __m256i;
using Float = __m256;
constexpr int int_lanes = 8;
constexpr int tile_panels = 1;

inline Int zero() { return _mm256_setzero_si256(); }
inline Int splat(std::int32_t x) { return _mm256_set1_epi32(x); }
inline Int load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
inline void store(void* to, Int x) { _mm256_storeu_si256(static_cast<__m256i*>(to), x); }
inline Int add(Int a, Int b) { return _mm256_add_epi32(a, b); }
inline Int subtract(Int a, Int b) { return _mm256_sub_epi32(a, b); }
inline Int add_int16(Int a, Int b) { return _mm256_add_epi16(a, b); }
inline Int subtract_int16(Int a, Int b) { return _mm256_sub_epi16(a, b); }
inline Int add_bytes(Int a, Int b) { return _mm256_add_epi8(a, b); }
inline Int multiply_int16(Int a, Int b) { return _mm256_mullo_epi16(a, b); }
// Sums of two products: unsigned times signed bytes to int16 (saturating), int16 to int32.
inline Int multiply_add_bytes(Int x, Int w) { return _mm256_maddubs_epi16(x, w); }
inline Int multiply_add_int16(Int a, Int b) { return _mm256_madd_epi16(a, b); }
inline Int bit_and(Int a, Int b) { return _mm256_and_si256(a, b); }
inline Int bit_or(Int a, Int b) { return _mm256_or_si256(a, b); }
inline Int bit_xor(Int a, Int b) { return _mm256_xor_si256(a, b); }
inline Int shift_left(Int a, int bits) { return _mm256_slli_epi32(a, bits); }
inline Int shift_right(Int a, int bits) { return _mm256_srli_epi32(a, bits); }
inline Int shift_left_int16(Int a, int bits) { return _mm256_slli_epi16(a, bits); }
inline Int shift_right_int16(Int a, int bits) { return _mm256_srli_epi16(a, bits); }
inline Int shift_right_signed_int16(Int a, int bits) { return _mm256_srai_epi16(a, bits); }
inline Int blend_int16(Int even, Int odd) { return _mm256_blend_epi16(even, odd, 0xaa); }
// Keeps the compiler from reordering a sum's additions, which would keep all terms in registers.
inline void optimization_barrier(Int& a) { asm("" : "+x"(a)); }
// Of each 32 bytes: two of the first sixteen, two of the others, and so on.
inline Int interleave(Int a) {
  const Int words = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2, 3,
                                     10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
  return _mm256_shuffle_epi8(_mm256_permute4x64_epi64(a, 0xd8), words);
}
inline Float to_float(Int a) { return _mm256_cvtepi32_ps(a); }
inline Float splat_float(float x) { return _mm256_set1_ps(x); }
inline Float load_float(const float* from) { return _mm256_loadu_ps(from); }
inline void store_float(float* to, Float x) { _mm256_storeu_ps(to, x); }
inline Float multiply(Float a, Float b) { return _mm256_mul_ps(a, b); }
inline Float smaller(Float a, Float b) { return _mm256_min_ps(a, b); }
inline Float larger(Float a, Float b) { return _mm256_max_ps(a, b); }
inline Float multiply_add(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }

inline Int load_bytes_wide(const std::byte* from) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}
// Sixteen entries for each half of a register, and the entry of each byte, 0..15.
inline Int load_table(const std::uint8_t* from) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline Int look_up(Int table, Int bytes) { return _mm256_shuffle_epi8(table, bytes); }
// Numbers of a header as floats.
inline Float load_halves(const std::byte* from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline Float load_bfloats(const std::byte* from) {
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
inline Int load_signed_bytes_wide(const std::byte* from) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}
// -a in int_lanes whose bit, counted from `first`, is set
inline Int negate_lanes(Int a, std::uint16_t bits, int first) {
  const Int bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const Int negative = _mm256_cmpeq_epi32(bit_and(splat(bits >> first), bit), bit);
  return subtract(bit_xor(a, negative), negative);
}
inline Int repeat_low_int16(Int a) {
  const __m128i pattern = _mm_setr_epi32(0x01000100, 0x05040504, 0x09080908, 0x0d0c0d0c);
  return _mm256_shuffle_epi8(a, _mm256_broadcastsi128_si256(pattern));
}

// out[i] = the sum of 8 bytes as unsigned numbers, of the eight groups of eight in 64 bytes
inline void sum_bytes(const std::int8_t* from, Int flip, std::uint64_t* out) {
  store(out, _mm256_sad_epu8(bit_xor(load(from), flip), zero()));
  store(out + 4, _mm256_sad_epu8(bit_xor(load(from + 32), flip), zero()));
}

}  // namespace
}  // namespace kelvin::kernels
