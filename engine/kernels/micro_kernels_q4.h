// The micro-kernels of q4, included after micro_kernels.h and these words:
//   Int add_int4_products(Int sum, Int code, Int x)   four products each, code: 0..15; sums stay within one
//                                                     sub-scale
//   Int sub_scale_operand(Int s)                      -15..15 made ready for add_scaled
//   Int add_scaled(Int total, Int sum, Int s)         total + sum * s
//   max_columns_int4_direct                           columns of a register tile of Int4Direct
//   int4_to_int8_from   tokens from which codes become bytes in registers
//   unpack_from         tokens from which unpacking them into memory first is faster
#pragma once

#include <cstdint>

namespace kelvin::kernels {
namespace {

// Rows first..first + int_lanes of a block of q4: sub-scale `sub`, -15..15.
inline Int sub_scale(const std::byte* block, int sub, int first) {
  const Int pair = load_bytes_wide(block + sub / 2 * panel_rows + first);
  std::uint16_t signs;
  __builtin_memcpy(&signs, block + q4_signs + 2 * sub, sizeof signs);
  return negate_lanes(sub % 2 ? shift_right(pair, 4) : bit_and(pair, splat(15)), signs, first);
}

template <int columns>
void prefetch_header(const std::byte* block) {
  for (int line = 0; line < q4_format.header_bytes / 64; ++line) prefetch<columns>(block + 64 * line);
}

// 4-bit codes times activations, the sums of 16 k then times the sub-scale.
struct Int4Direct {
  static constexpr int panels = 1, max = max_columns_int4_direct;

  template <int planes, int panels, int tokens>
  [[gnu::noinline]] static void multiply(const KernelCall& call) {
    static_assert(planes == 1 && panels == 1);
    Int total[tokens][parts];
    for (auto& by_token : total)
      for (Int& part : by_token) part = zero();
    const std::byte *codes = call.w + q4_format.header_bytes,
                    *prefetched = call.prefetched + q4_format.header_bytes;
    const std::int8_t* x = call.x;
    for (int sub = 0; sub < call.steps / 4; ++sub, codes += 128, prefetched += 128, x += sub_width) {
      prefetch<tokens>(prefetched);
      prefetch<tokens>(prefetched + 64);
      for (int part = 0; part < parts; ++part) {
        const Int scale = sub_scale_operand(sub_scale(call.w, sub, part * int_lanes));
        const Int low = splat(0x0f0f0f0f);
        const Int a = load(codes + part * int_lanes * 4), b = load(codes + part * int_lanes * 4 + 64);
        const Int code[4] = {bit_and(a, low), bit_and(shift_right(a, 4), low), bit_and(b, low),
                             bit_and(shift_right(b, 4), low)};
        for (int token = 0; token < tokens; ++token) {
          Int sum = splat(call.x_sub_offset[token * subs_per_block + sub]);
          for (int i = 0; i < 4; ++i)
            sum = add_int4_products(sum, code[i], splat_step(x + token * block_width + i * step_width));
          total[token][part] = add_scaled(total[token][part], sum, scale);
        }
      }
    }
    add_to_sums<1>(call, 0, total);
  }
};

// A sub-scale s that makes bytes of codes: s (code + 8) + (128 - 8 s) is weight + 128, within 8..248, so that
// two of them are one product of 16 bits and nothing is carried from one to the other.
struct Int8Scale {
  Int factor, base;

  Int8Scale() = default;
  Int8Scale(const std::byte* block, int sub, int first)
      : factor(repeat_low_int16(sub_scale(block, sub, first))),
        base(subtract_int16(splat(static_cast<std::int32_t>(0x80808080u)),
                            multiply_int16(factor, splat(0x08080808)))) {}
  Int weights(Int codes) const { return add_int16(multiply_int16(codes, factor), base); }
  Int low_weights(Int pair) const { return weights(bit_and(pair, splat(0x0f0f0f0f))); }
  Int high_weights(Int pair) const { return low_weights(shift_right(pair, 4)); }
};

// 4-bit weights made bytes in registers, for the columns of one tile.
struct Int4ToInt8 {
  static constexpr int panels = tile_panels, max = max_columns;

  template <int planes, int panels, int tokens>
  [[gnu::noinline]] static void multiply(const KernelCall& call) {
    static_assert(planes == 1);
    constexpr int registers = panels * parts;
    Int sum[tokens][registers];
    for (int token = 0; token < tokens; ++token)
      for (Int& s : sum[token]) s = start_int8(call.x_offset[token]);
    const std::byte *codes = call.w + q4_format.header_bytes,
                    *prefetched = call.prefetched + q4_format.header_bytes;
    const std::int8_t* x = call.x;
    for (int panel = 0; panel < panels; ++panel)
      prefetch_header<tokens>(call.prefetched + panel * call.panel_stride);
    for (int sub = 0; sub < call.steps / 4; ++sub, codes += 128, prefetched += 128) {
      Int8Scale scale[registers];
      for (int r = 0; r < registers; ++r)
        scale[r] = Int8Scale(call.w + r / parts * call.panel_stride, sub, r % parts * int_lanes);
      for (int pair = 0; pair < 2; ++pair, x += 2 * step_width) {
        Int ws[2][registers];
        for (int r = 0; r < registers; ++r) {
          const std::size_t at = r / parts * call.panel_stride + pair * 64;
          if (r % parts == 0) prefetch<tokens>(prefetched + at);
          const Int both_steps = load(codes + at + r % parts * int_lanes * 4);
          ws[0][r] = scale[r].low_weights(both_steps);
          ws[1][r] = scale[r].high_weights(both_steps);
        }
        for (int step = 0; step < 2; ++step)
          for (int token = 0; token < tokens; ++token) {
            const Int xs = splat_step(x + token * block_width + step * step_width);
            for (int r = 0; r < registers; ++r)
              sum[token][r] = add_int8_products(sum[token][r], ws[step][r], xs);
          }
      }
    }
    add_to_sums<1>(call, 0, sum);
  }
};

// Weights + 128 of one block, in the order of a q8 block.
inline void unpack_q4(const std::byte* block, int steps, const std::byte* prefetched, std::byte* bytes) {
  const std::byte* codes = block + q4_format.header_bytes;
  prefetch_header<max_columns>(prefetched);
  prefetched += q4_format.header_bytes;
  for (int sub = 0; sub < steps / 4; ++sub, codes += 128, prefetched += 128, bytes += 256) {
    prefetch<max_columns>(prefetched);
    prefetch<max_columns>(prefetched + 64);
    for (int part = 0; part < parts; ++part) {
      const Int8Scale scale(block, sub, part * int_lanes);
      const std::size_t at = static_cast<std::size_t>(part) * int_lanes * 4;
      const Int a = load(codes + at), b = load(codes + at + 64);
      store(bytes + at, scale.low_weights(a));
      store(bytes + at + 64, scale.high_weights(a));
      store(bytes + at + 128, scale.low_weights(b));
      store(bytes + at + 192, scale.high_weights(b));
    }
  }
}

// The same panels as bytes.
inline KernelCall unpack_panels(KernelCall call, int panels, std::byte* bytes) {
  for (int p = 0; p < panels; ++p)
    unpack_q4(call.w + p * call.panel_stride, call.steps, call.prefetched + p * call.panel_stride,
              bytes + p * panel_rows * block_width);
  call.w = call.prefetched = bytes;
  call.panel_stride = panel_rows * block_width;
  return call;
}

void matmul_q4(const QuantizedMatmul& m) {
  if (m.x.tokens < int4_to_int8_from)
    return for_all_blocks<q4_format, WeightsAt::block>(
        m, panels_for(m.x.tokens),
        [&](const KernelCall& call, int panels) { multiply_block<Int4Direct, 1>(call, panels); });
  if (m.x.tokens < unpack_from)
    return for_all_blocks<q4_format, WeightsAt::block>(
        m, tile_panels,
        [&](const KernelCall& call, int panels) { multiply_block<Int4ToInt8, 1>(call, panels); });
  std::byte* unpacked = reinterpret_cast<std::byte*>(m.scratch);
  for_all_blocks<q4_format, WeightsAt::block>(m, tile_panels, [&](const KernelCall& call, int panels) {
    multiply_block<Int8, 1>(unpack_panels(call, panels, unpacked), panels);
  });
}

}  // namespace
}  // namespace kelvin::kernels
