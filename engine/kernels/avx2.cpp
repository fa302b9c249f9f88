// AVX2 with FMA: sixteen lanes are two registers; matmul tiles sum one half of them after the other.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/kernels.h"
#include "engine/kernels/lanes_x86.h"

namespace kelvin::kernels {
namespace {

struct Lanes {
  __m256 lower, upper;
};
using Part = __m256;
constexpr int part_lanes = 8;
constexpr int max_tokens = 3;  // x 4 rows: 12 of 16 registers
constexpr int max_queries = 6, max_vectors = 1;

alignas(64) constexpr std::int32_t ones_then_zeros[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                                          -1, -1, -1, -1, -1, 0,  0,  0,  0,  0,  0,
                                                          0,  0,  0,  0,  0,  0,  0,  0,  0,  0};
__m256i first_eight(int n) {
  const int some = n < 0 ? 0 : n > 8 ? 8 : n;
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ones_then_zeros + 16 - some));
}

Lanes zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
Lanes set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
Lanes first_lanes(int n) {
  return {_mm256_castsi256_ps(first_eight(n)), _mm256_castsi256_ps(first_eight(n - 8))};
}
Lanes load(const float* x) { return {_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)}; }
Lanes load(const Float16* x) {
  const __m128i* bits = reinterpret_cast<const __m128i*>(x);
  return {_mm256_cvtph_ps(_mm_loadu_si128(bits)), _mm256_cvtph_ps(_mm_loadu_si128(bits + 1))};
}
Lanes load(const std::int8_t* x) {
  const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes)),
          _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_unpackhi_epi64(codes, codes)))};
}
Lanes load_first(const float* x, int n) {
  return {_mm256_maskload_ps(x, first_eight(n)), _mm256_maskload_ps(x + 8, first_eight(n - 8))};
}
void store(float* y, Lanes x) {
  _mm256_storeu_ps(y, x.lower);
  _mm256_storeu_ps(y + 8, x.upper);
}
void store_first(float* y, int n, Lanes x) {
  _mm256_maskstore_ps(y, first_eight(n), x.lower);
  _mm256_maskstore_ps(y + 8, first_eight(n - 8), x.upper);
}
Lanes fma(Lanes a, Lanes b, Lanes c) {
  return {_mm256_fmadd_ps(a.lower, b.lower, c.lower), _mm256_fmadd_ps(a.upper, b.upper, c.upper)};
}
Lanes add(Lanes a, Lanes b) { return {_mm256_add_ps(a.lower, b.lower), _mm256_add_ps(a.upper, b.upper)}; }
Lanes sub(Lanes a, Lanes b) { return {_mm256_sub_ps(a.lower, b.lower), _mm256_sub_ps(a.upper, b.upper)}; }
Lanes mul(Lanes a, Lanes b) { return {_mm256_mul_ps(a.lower, b.lower), _mm256_mul_ps(a.upper, b.upper)}; }
Lanes div(Lanes a, Lanes b) { return {_mm256_div_ps(a.lower, b.lower), _mm256_div_ps(a.upper, b.upper)}; }
Lanes negate(Lanes a) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  return {_mm256_xor_ps(a.lower, sign), _mm256_xor_ps(a.upper, sign)};
}
Lanes larger(Lanes a, Lanes b) { return {_mm256_max_ps(a.lower, b.lower), _mm256_max_ps(a.upper, b.upper)}; }
Lanes less(Lanes a, Lanes b) {
  return {_mm256_cmp_ps(a.lower, b.lower, _CMP_LT_OQ), _mm256_cmp_ps(a.upper, b.upper, _CMP_LT_OQ)};
}
Lanes unordered(Lanes a) {
  return {_mm256_cmp_ps(a.lower, a.lower, _CMP_UNORD_Q), _mm256_cmp_ps(a.upper, a.upper, _CMP_UNORD_Q)};
}
Lanes select(Lanes which, Lanes chosen, Lanes other) {
  return {_mm256_blendv_ps(other.lower, chosen.lower, which.lower),
          _mm256_blendv_ps(other.upper, chosen.upper, which.upper)};
}
__m256 add_to_exponent_half(__m256 x, __m256 n) {
  return _mm256_castsi256_ps(
      _mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(_mm256_castps_si256(n), 23)));
}
Lanes add_to_exponent(Lanes x, Lanes n) {
  return {add_to_exponent_half(x.lower, n.lower), add_to_exponent_half(x.upper, n.upper)};
}
Halved halve(Lanes x) { return _mm256_add_ps(x.lower, x.upper); }
float largest_lane(Lanes x) {
  const __m256 eight = _mm256_max_ps(x.lower, x.upper);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

Part part_zero() { return _mm256_setzero_ps(); }
Part part_set(float x) { return _mm256_set1_ps(x); }
Part part_load(const float* x) { return _mm256_loadu_ps(x); }
Part part_load(const std::uint16_t* w) {
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(w));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
Part part_load_first(const float* x, int n) { return _mm256_maskload_ps(x, first_eight(n)); }
Part part_load_first(const std::uint16_t* w, int n) {
  std::uint16_t few[8] = {};
  for (int i = 0; i < 8 && i < n; ++i) few[i] = w[i];
  return part_load(few);
}
void part_store(float* y, Part x) { _mm256_storeu_ps(y, x); }
Part part_fma(Part a, Part b, Part c) { return _mm256_fmadd_ps(a, b, c); }
Part part_fma_first(int n, Part a, Part b, Part c) {
  return _mm256_blendv_ps(c, _mm256_fmadd_ps(a, b, c), _mm256_castsi256_ps(first_eight(n)));
}
template <int count>
Halved halve_parts(const Part* part, int stride) {
  static_assert(count == 2);
  return _mm256_add_ps(part[0], part[stride]);
}

}  // namespace
}  // namespace kelvin::kernels

#include "engine/kernels/float_kernels.h"

namespace kelvin::kernels {
void avx2_floats(Kernels& table) { install_floats(table); }
}  // namespace kelvin::kernels
#endif
