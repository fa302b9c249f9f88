// The codes of sub_blocks.h made bytes without sign, value + zero, and its scales made floats. Included after
// int_lanes_256.h, int_lanes_512.h or their like, and micro_kernels.h.
#pragma once

#include <cstdint>

#include "engine/kernels/sub_blocks.h"
#include "engine/kernels/unroll.h"

namespace kelvin::kernels {
namespace {

// Bits `bits` of a plane's line that belong to a step, moved to bit `to` of each byte.
template <int bits, int to>
Int plane_bits(Int line, int step_in_line) {
  const int from = step_in_line * bits;
  const Int mask = splat(((1 << bits) - 1) * 0x01010101 << to);
  return bit_and(from >= to ? shift_right(line, from - to) : shift_left(line, to - from), mask);
}

// The codes of one step, of the lines of 32 k.
template <int bits>
Int step_codes(const std::byte* lines, int step) {
  if constexpr (bits == 8) return load(lines + step * 64);
  if constexpr (bits == 1 || bits == 2 || bits == 4)
    return plane_bits<bits, 0>(load(lines + step / (8 / bits) * 64), step % (8 / bits));
  if constexpr (bits == 3 || bits == 5 || bits == 6) {
    constexpr int low = bits == 3 ? 2 : 4, high = bits - low;
    const Int a = load(lines + step / (8 / low) * 64), b = load(lines + (low + step / (8 / high)) * 64);
    return bit_or(plane_bits<low, 0>(a, step % (8 / low)), plane_bits<high, low>(b, step % (8 / high)));
  }
}

// The bytes that codes stand for, for look_up.
inline Int values_of(const SubBlocks& codes) {
  std::uint8_t entries[16];
  for (int i = 0; i < 16; ++i) entries[i] = static_cast<std::uint8_t>(codes.values[i] + codes.zero);
  return load_table(entries);
}

// `lines`: of width / 32 times 32 k. bytes: (width / 4, 64), as q8's steps.
template <int bits, bool table>
void unpack_codes(const SubBlocks& codes, const std::byte* lines, const std::byte* prefetched, int width,
                  std::byte* bytes) {
  const Int values = table ? values_of(codes) : zero();
  for (int k = 0; k < width; k += sub_block_lines, lines += 64 * bits, prefetched += 64 * bits) {
    for (int line = 0; line < bits; ++line) prefetch<max_columns>(prefetched + 64 * line);
    for (int part = 0; part < parts; ++part) {
      const std::size_t at = static_cast<std::size_t>(part) * int_lanes * 4;
      KELVIN_UNROLL(8)
      for (int step = 0; step < sub_block_lines / step_width; ++step) {
        Int code = step_codes<bits>(lines + at, step);
        if constexpr (table) code = look_up(values, code);
        store(bytes + step * 64 + at, code);
      }
    }
    bytes += sub_block_lines / step_width * 64;
  }
}

using UnpackCodes = void (*)(const SubBlocks& codes, const std::byte* lines, const std::byte* prefetched,
                             int width, std::byte* bytes);

inline UnpackCodes unpack_for(const SubBlocks& codes) {
  switch (codes.code_bits) {
    case 1:
      return unpack_codes<1, true>;
    case 2:
      return unpack_codes<2, false>;
    case 3:
      return codes.values ? unpack_codes<3, true> : unpack_codes<3, false>;
    case 4:
      return codes.values ? unpack_codes<4, true> : unpack_codes<4, false>;
    case 5:
      return unpack_codes<5, false>;
    case 6:
      return unpack_codes<6, false>;
    default:
      return unpack_codes<8, false>;
  }
}

// Scales and minima of a block, sums_stride floats from group to group.
inline void unpack_scales(const PackedFormat& format, const std::byte* block, int groups, float* scales,
                          float* minima) {
  const SubBlocks& codes = *format.sub_blocks;
  for (int part = 0; part < parts; ++part) {
    const int row = part * int_lanes;
    const std::byte* const at = block + scale_bytes(codes) * row;
    float *scale = scales + row, *minimum = minima + row;
    const int to_minima = minima_at(format);
    switch (codes.scales) {
      case ScaleKind::single:
        for (int g = 0; g < groups; ++g, scale += sums_stride, minimum += sums_stride) {
          const int place = panel_rows * (g >> codes.scale_shift);
          const Float s = load_float(reinterpret_cast<const float*>(at + 4 * place));
          store_float(scale, s);
          if (!codes.minima) continue;
          const Int z = load_signed_bytes_wide(block + to_minima + row + place);
          store_float(minimum, multiply(s, to_float(subtract(zero(), z))));
        }
        break;
      case ScaleKind::half:
        for (int g = 0; g < groups; ++g, scale += sums_stride, minimum += sums_stride) {
          store_float(scale, load_halves(at + 2 * panel_rows * g));
          if (codes.minima) store_float(minimum, load_halves(at + to_minima + 2 * panel_rows * g));
        }
        break;
      case ScaleKind::bfloat16:
        for (int g = 0; g < groups; ++g, scale += sums_stride)
          store_float(scale, load_bfloats(at + 2 * panel_rows * g));
        break;
      case ScaleKind::bytes: {
        const Float d =
            multiply(splat_float(codes.unit), load_halves(block + super_scales_at(format) + 2 * row));
        for (int g = 0; g < groups; ++g, scale += sums_stride)
          store_float(scale, multiply(d, to_float(load_signed_bytes_wide(at + panel_rows * g))));
        if (!codes.minima) break;
        const Float m = load_halves(block + super_minima_at(format) + 2 * row);
        for (int g = 0; g < groups; ++g, minimum += sums_stride)
          store_float(minimum,
                      multiply(m, to_float(load_signed_bytes_wide(at + to_minima + panel_rows * g))));
        break;
      }
      case ScaleKind::nibbles: {
        const Float d = load_halves(block + super_scales_at(format) + 2 * row),
                    m = load_halves(block + super_minima_at(format) + 2 * row);
        for (int g = 0; g < groups; ++g, scale += sums_stride, minimum += sums_stride) {
          const Int both = load_bytes_wide(at + panel_rows * g);
          store_float(scale, multiply(d, to_float(bit_and(both, splat(15)))));
          store_float(minimum, multiply(m, to_float(shift_right(both, 4))));
        }
        break;
      }
    }
  }
}

}  // namespace
}  // namespace kelvin::kernels
