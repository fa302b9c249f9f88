// AVX-512 (F, BW, VL, DQ): sixteen lanes are one register.
#if defined(__x86_64__)
#if !defined(__clang__)
// GCC 12 takes the deliberately undefined operands inside its own intrinsics for a mistake (its bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/kernels.h"
#include "engine/kernels/lanes_x86.h"

namespace kelvin::kernels {
namespace {

using Lanes = __m512;
using Part = __m512;
constexpr int part_lanes = 16;
constexpr int max_tokens = 6;  // x 4 rows: 24 of 32 registers
constexpr int max_queries = 6, max_vectors = 4;

Lanes zero() { return _mm512_setzero_ps(); }
Lanes set(float x) { return _mm512_set1_ps(x); }
__mmask16 first_lanes(int n) {
  return n >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << n) - 1);
}
Lanes load(const float* x) { return _mm512_loadu_ps(x); }
Lanes load(const Float16* x) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
}
Lanes load(const std::int8_t* x) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x))));
}
Lanes load_first(const float* x, int n) { return _mm512_maskz_loadu_ps(first_lanes(n), x); }
void store(float* y, Lanes x) { _mm512_storeu_ps(y, x); }
void store_first(float* y, int n, Lanes x) { _mm512_mask_storeu_ps(y, first_lanes(n), x); }
Lanes fma(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }
Lanes add(Lanes a, Lanes b) { return _mm512_add_ps(a, b); }
Lanes sub(Lanes a, Lanes b) { return _mm512_sub_ps(a, b); }
Lanes mul(Lanes a, Lanes b) { return _mm512_mul_ps(a, b); }
Lanes div(Lanes a, Lanes b) { return _mm512_div_ps(a, b); }
Lanes negate(Lanes a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
Lanes larger(Lanes a, Lanes b) { return _mm512_max_ps(a, b); }  // a > b ? a : b
__mmask16 less(Lanes a, Lanes b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
__mmask16 unordered(Lanes a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
Lanes select(__mmask16 which, Lanes chosen, Lanes other) {
  return _mm512_mask_blend_ps(which, other, chosen);
}
Lanes add_to_exponent(Lanes x, Lanes n) {
  return _mm512_castsi512_ps(
      _mm512_add_epi32(_mm512_castps_si512(x), _mm512_slli_epi32(_mm512_castps_si512(n), 23)));
}
Halved halve(Lanes x) { return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1)); }
float largest_lane(Lanes x) { return _mm512_reduce_max_ps(x); }

Part part_zero() { return zero(); }
Part part_set(float x) { return set(x); }
Part part_load(const float* x) { return load(x); }
Part part_load(const std::uint16_t* w) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
Part part_load_first(const float* x, int n) { return load_first(x, n); }
Part part_load_first(const std::uint16_t* w, int n) {
  const __m256i bits = _mm256_maskz_loadu_epi16(first_lanes(n), w);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
void part_store(float* y, Part x) { store(y, x); }
Part part_fma(Part a, Part b, Part c) { return fma(a, b, c); }
Part part_fma_first(int n, Part a, Part b, Part c) { return _mm512_mask3_fmadd_ps(a, b, c, first_lanes(n)); }
template <int count>
Halved halve_parts(const Part* part, int) {
  static_assert(count == 1);
  return halve(*part);
}

}  // namespace
}  // namespace kelvin::kernels

#include "engine/kernels/float_kernels.h"

namespace kelvin::kernels {
void avx512_floats(Kernels& table) { install_floats(table); }
}  // namespace kelvin::kernels
#endif
