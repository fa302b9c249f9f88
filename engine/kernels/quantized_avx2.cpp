// AVX2 without VNNI: products of bytes are added in pairs into int16.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/int_lanes_256.h"
#include "engine/kernels/quantized.h"

namespace kelvin {
namespace {

inline Int start_bytes(std::int32_t) { return zero(); }
// vpmaddubsw saturates at 2^15. A pair is at most 2 * 128 * 127 = 32512, as |weight| <= 128 and |x| <= 127.
inline Int add_byte_products(Int sum, Int w, Int x) {
  const Int weight = differ(w, splat(static_cast<std::int32_t>(0x80808080u)));
  const Int pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weight), _mm256_sign_epi8(x, weight));
  return add(sum, _mm256_madd_epi16(pairs, splat(0x00010001)));
}
// Eight products of one half: at most 8 * 15 * 127 = 15240, with the offset of at most 16 * 8 * 127 below
// 2^15.
inline Int add_nibble_products(Int sum, Int code, Int x) {
  return add_halves(sum, _mm256_maddubs_epi16(code, x));
}
inline Int sub_scale_operand(Int s) { return either(both(s, splat(0xffff)), left<16>(s)); }
inline Int add_scaled(Int total, Int sum, Int s) { return add(total, _mm256_madd_epi16(sum, s)); }
constexpr int most_tokens = 4, most_tokens_of_nibbles = 4;
constexpr int bytes_from = 1 << 30,
              unpack_from = 1 << 30;  // products of codes are cheaper than those of bytes

inline Int multiply_bytes(Int x, Int w) { return _mm256_maddubs_epi16(x, w); }
inline Int multiply_halves_in_pairs(Int a, Int b) { return _mm256_madd_epi16(a, b); }
constexpr int tokens_of_packed_halves = 4, tokens_of_halves = 6, tokens_of_codes = 4;
constexpr int q8_pairs_from = 4, q4_pairs_from = 6, unpack_halves_from = 13;

}  // namespace
}  // namespace kelvin

#include "engine/kernels/pack_weights.h"
#include "engine/kernels/quantize_activations.h"
#include "engine/kernels/quantized_tiles.h"

#include "engine/kernels/quantized_pairs.h"

namespace kelvin {
const QuantizedKernels avx2_quantized = {
    "avx2", matmul_q8_in_pairs, matmul_q4_in_pairs, quantize_activations, pack_q8, pack_q4, multiply_burst};
}  // namespace kelvin
#endif
