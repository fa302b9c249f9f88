// AVX-512 without VNNI: products of bytes are added in pairs into int16.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/int_lanes_512.h"
#include "engine/kernels/quantized.h"

namespace kelvin::kernels {
namespace {

inline Int start_int8(std::int32_t) { return zero(); }
// vpmaddubsw saturates at 2^15. A pair is at most 2 * 128 * 127 = 32512, as |weight| <= 128 and |x| <= 127.
inline Int add_int8_products(Int sum, Int w, Int x) {
  const Int weight = bit_xor(w, splat(static_cast<std::int32_t>(0x80808080u)));
  const Int turned = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(weight), zero(), x);
  return add(sum,
             _mm512_madd_epi16(_mm512_maddubs_epi16(_mm512_abs_epi8(weight), turned), splat(0x00010001)));
}
// Eight products of one int16: at most 8 * 15 * 127 = 15240, with the offset of at most 16 * 8 * 127 below 2^15.
inline Int add_int4_products(Int sum, Int code, Int x) {
  return add_int16(sum, _mm512_maddubs_epi16(code, x));
}
inline Int sub_scale_operand(Int s) { return bit_or(bit_and(s, splat(0xffff)), shift_left(s, 16)); }
inline Int add_scaled(Int total, Int sum, Int s) { return add(total, _mm512_madd_epi16(sum, s)); }
constexpr int int4_to_int8_from = 1 << 30,
              unpack_from = 1 << 30;  // products of codes are cheaper than of bytes

constexpr int max_tokens_packed_int16 = 8, max_tokens_int16 = 8, max_tokens_int4_pairs = 8;
constexpr int q8_pairs_from = 4, q4_pairs_from = 10, unpack_int16_from = 1 << 30;
constexpr bool byte_products_in_int16 = true;
constexpr int max_columns_two_sums = 6;
constexpr int max_columns_sub_blocks = 2, kept_tokens = 1;
constexpr int direct_tokens = 4, most_direct_tokens = 8;

}  // namespace
}  // namespace kelvin::kernels

#include "engine/kernels/integer_kernels.h"

#include "engine/kernels/micro_kernels_int16.h"

namespace kelvin::kernels {
void avx512_integers(QuantizedKernels& table) {
  install_integers(table);
  table.q8.matmul = matmul_q8_in_pairs;
  table.q4.matmul = matmul_q4_in_pairs;
  table.sub_blocks.matmul = matmul_sub_blocks_in_pairs;
}
}  // namespace kelvin::kernels
#endif
