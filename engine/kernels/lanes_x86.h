// What AVX2 and AVX-512 share below sixteen lanes, for vector_kernels.h: the rest of the halving tree.
#pragma once

namespace kelvin::kernels {
namespace {

// Eight sums left of sixteen.
using Halved = __m256;

// The rest of the tree for four rows, side by side.
__m128 finish(Halved a, Halved b, Halved c, Halved d) {
  const __m128 u0 = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 u1 = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
  const __m128 u2 = _mm_add_ps(_mm256_castps256_ps128(c), _mm256_extractf128_ps(c, 1));
  const __m128 u3 = _mm_add_ps(_mm256_castps256_ps128(d), _mm256_extractf128_ps(d, 1));
  const __m128 v01 = _mm_add_ps(_mm_movelh_ps(u0, u1), _mm_movehl_ps(u1, u0));
  const __m128 v23 = _mm_add_ps(_mm_movelh_ps(u2, u3), _mm_movehl_ps(u3, u2));
  return _mm_add_ps(_mm_shuffle_ps(v01, v23, _MM_SHUFFLE(2, 0, 2, 0)),
                    _mm_shuffle_ps(v01, v23, _MM_SHUFFLE(3, 1, 3, 1)));
}

float finish_one(Halved sum) { return _mm_cvtss_f32(finish(sum, sum, sum, sum)); }

// Four sums, bias[0 .. 3] added unless it is nullptr, into y[0 .. 3].
[[gnu::always_inline]] inline void finish_four(const Halved (&sum)[4], const float* bias, float* y) {
  const __m128 total = finish(sum[0], sum[1], sum[2], sum[3]);
  _mm_storeu_ps(y, bias ? _mm_add_ps(total, _mm_loadu_ps(bias)) : total);
}

float square_root(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }

}  // namespace
}  // namespace kelvin::kernels
