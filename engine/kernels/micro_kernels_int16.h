// The micro-kernels of several tokens where there is no VNNI. Two products are added up by an instruction, the
// rest by additions; so weights are made such that the sums stay small enough to be added as they are.
// Included after micro_kernels_q4.h and these words:
//   max_tokens_packed_int16, max_tokens_int16, max_tokens_int4_pairs   of a register tile
//   q8_pairs_from, q4_pairs_from   columns from which all this is faster
//   unpack_int16_from              and tokens from which unpacking q8 to int16 first is
#pragma once

#include <cstdint>

#include "engine/kernels/unroll.h"

namespace kelvin::kernels {
namespace {

// Tokens whose activations are prepared at a time, to stay in L1; of q8 the even int16 come first.
constexpr int chunk = 48;
constexpr int to_odd_int16 = chunk * block_width;
constexpr int q8_groups = block_width / q8_format.group;

// Of four weights of q8 the even or the odd two as int16, weight + 128: as they lie, and after unpack_int16.
struct PackedWeights {
  static constexpr int step_bytes = 64, max = max_tokens_packed_int16;
  static Int int16(const std::byte* w, int odd) {
    return odd ? shift_right_int16(load(w), 8) : bit_and(load(w), splat(0x00ff00ff));
  }
};
struct UnpackedWeights {
  static constexpr int step_bytes = 128, max = max_tokens_int16;
  static Int int16(const std::byte* w, int odd) { return load(w + odd * 64); }
};

constexpr int int16_panel_bytes = 2 * panel_rows * block_width;  // of a panel

inline void unpack_int16(const std::byte* from, int steps, std::byte* to) {
  for (int step = 0; step < steps; ++step, from += 64, to += 128)
    for (int at = 0; at < 64; at += int_lanes * 4)
      for (int odd = 0; odd < 2; ++odd) store(to + odd * 64 + at, PackedWeights::int16(from + at, odd));
}

// q8, both planes at once: activations are int16 here, so that 64 products with weight + 128 are below
// 64 * 255 * 32639 < 2^30.
template <class Weights>
struct Int16 {
  static constexpr int panels = tile_panels, max = Weights::max;

  template <int planes, int panels, int tokens>
  [[gnu::noinline]] static void multiply(const KernelCall& call) {
    constexpr int registers = panels * parts;
    const std::byte* w = call.w;
    const std::int8_t* x = call.x;
    for (int group = 0; group < call.groups; ++group) {
      Int sum[tokens][registers];
      for (int token = 0; token < tokens; ++token)
        for (Int& s : sum[token]) s = splat(call.x_offset[group * call.tokens + token]);
      for (int step = 0; step < call.steps; ++step, w += Weights::step_bytes, x += step_width)
        KELVIN_UNROLL(2)
      for (int odd = 0; odd < 2; ++odd) {
        Int ws[registers];
        for (int panel = 0; panel < panels; ++panel)
          for (int part = 0; part < parts; ++part)
            ws[panel * parts + part] =
                Weights::int16(w + panel * call.panel_stride + part * int_lanes * 4, odd);
        for (int token = 0; token < tokens; ++token) {
          const Int xs = splat_step(x + odd * to_odd_int16 + token * block_width);
          for (int r = 0; r < registers; ++r) {
            sum[token][r] = add(sum[token][r], multiply_add_int16(ws[r], xs));
            optimization_barrier(sum[token][r]);
          }
        }
      }
      add_to_sums<1>(call, group, sum);
    }
  }
};

// q4: a 32-bit lane holds two codes of an even sub-scale and two of the odd one behind it, so that its int16
// sums belong to one sub-scale each and one multiplication by both sub-scales does for 32 k. Activations are
// unsigned, code + 128: sixteen products stay within 16 * 8 * 255 = 32640. What the 128 adds is part of what
// unpack_codes makes of the weights.
struct Int4Pairs {
  static constexpr int panels = tile_panels, max = max_tokens_int4_pairs;
  static constexpr int scale_pairs = subs_per_block / 2;
  static constexpr int to_scales = panel_rows * block_width;  // in bytes
  static constexpr int to_starts = to_scales + scale_pairs * panel_rows * 4;
  static constexpr int panel_bytes = to_starts + panel_rows * 4;

  template <int planes, int panels, int tokens>
  [[gnu::noinline]] static void multiply(const KernelCall& call) {
    constexpr int registers = panels * parts;
    const auto load_all = [&](const std::byte* from, Int(&to)[registers]) {
      for (int panel = 0; panel < panels; ++panel)
        for (int part = 0; part < parts; ++part)
          to[panel * parts + part] = load(from + panel * call.panel_stride + part * int_lanes * 4);
    };
    Int total[tokens][registers];
    for (Int(&of_token)[registers] : total) load_all(call.w + to_starts, of_token);
    const std::byte *w = call.w, *scales = call.w + to_scales;
    const std::int8_t* x = call.x;
    for (int pair = 0; pair < call.steps / 8; ++pair, scales += 64) {
      Int sum[tokens][registers];
      KELVIN_UNROLL(8)
      for (int step = 0; step < 8; ++step, w += 64, x += step_width) {
        Int ws[registers];
        load_all(w, ws);
        for (int token = 0; token < tokens; ++token) {
          const Int xs = splat_step(x + token * block_width);
          for (int r = 0; r < registers; ++r) {
            const Int product = multiply_add_bytes(xs, ws[r]);
            sum[token][r] = step == 0 ? product : add_int16(sum[token][r], product);
            optimization_barrier(sum[token][r]);
          }
        }
      }
      Int scale[registers];
      load_all(scales, scale);
      for (int token = 0; token < tokens; ++token)
        for (int r = 0; r < registers; ++r)
          total[token][r] = add(total[token][r], multiply_add_int16(sum[token][r], scale[r]));
    }
    add_to_sums<1>(call, 0, total);
  }
};

inline void unpack_codes(const std::byte* block, int steps, std::byte* to) {
  const Int low = splat(0x0f0f0f0f), minus_8 = splat(static_cast<std::int32_t>(0xf8f8f8f8u));
  for (int part = 0; part < parts; ++part) {
    const std::ptrdiff_t at = part * int_lanes * 4;
    Int start = zero();
    for (int pair = 0; pair < steps / 8; ++pair) {
      const std::byte* const codes = block + q4_format.header_bytes + pair * 256 + at;
      std::byte* const out = to + pair * 512 + at;
      Int sum = zero();  // of up to eight codes each
      for (int i = 0; i < 4; ++i) {
        Int even = load(codes + i / 2 * 64), odd = load(codes + i / 2 * 64 + 128);
        if (i % 2 == 1) even = shift_right(even, 4), odd = shift_right(odd, 4);
        even = bit_and(even, low);
        odd = bit_and(odd, low);
        const Int front = add_bytes(blend_int16(even, shift_left(odd, 16)), minus_8);
        const Int back = add_bytes(blend_int16(shift_right(even, 16), odd), minus_8);
        store(out + i * 128, front);
        store(out + i * 128 + 64, back);
        sum = add_bytes(sum, add_bytes(front, back));
      }
      const Int even_scale = sub_scale(block, 2 * pair, part * int_lanes);
      const Int odd_scale = sub_scale(block, 2 * pair + 1, part * int_lanes);
      const Int scales = blend_int16(even_scale, shift_left(odd_scale, 16));
      store(to + Int4Pairs::to_scales + pair * 64 + at, scales);
      const Int added = multiply_add_bytes(splat(static_cast<std::int32_t>(0x80808080u)), sum);
      start = subtract(start, multiply_add_int16(added, scales));
    }
    store(to + Int4Pairs::to_starts + at, start);
  }
}

// Of the next chunk.
inline void prefetch_codes(const std::int8_t* codes, int planes) {
  __builtin_prefetch(codes + chunk * planes * block_width);
}

// The codes of one token and 256 k for Int4Pairs.
inline void pair_codes(const std::int8_t* codes, std::int8_t* to) {
  for (int k = 0; k < block_width; k += 64) prefetch_codes(codes + k, 1);
  for (int k = 0; k < block_width; k += int_lanes * 4)
    store(to + k, bit_xor(interleave(load(codes + k)), splat(static_cast<std::int32_t>(0x80808080u))));
}

// And for Int16, 256 * plane 0 + plane 1 or the only plane.
inline void widen_codes(const std::int8_t* codes, int planes, std::int8_t* to) {
  for (int k = 0; k < planes * block_width; k += 64) prefetch_codes(codes + k, planes);
  for (int k = 0; k < block_width; k += int_lanes * 4) {
    const Int low = load(codes + (planes - 1) * block_width + k);
    Int even = shift_right_signed_int16(shift_left_int16(low, 8), 8), odd = shift_right_signed_int16(low, 8);
    if (planes == 2) {
      const Int high = load(codes + k);
      even = add_int16(even, shift_left_int16(high, 8));
      odd = add_int16(odd, bit_and(high, splat(static_cast<std::int32_t>(0xff00ff00u))));
    }
    store(to + k, even);
    store(to + to_odd_int16 + k, odd);
  }
}

constexpr std::size_t unpacked_bytes = unpacked_floats * sizeof(float);
static_assert(max_panels * int16_panel_bytes <= unpacked_bytes);
static_assert(max_panels * Int4Pairs::panel_bytes <= unpacked_bytes);

template <class Product>
void multiply_panels(KernelCall call, int panels) {
  for (int left = panels; left > 0; left -= Product::panels) {
    multiply_block<Product, 1>(call, left < Product::panels ? left : Product::panels);
    call.w += Product::panels * call.panel_stride;
    call.scale += Product::panels * panel_rows;
    call.sums += Product::panels * panel_rows;
  }
}

void matmul_q8_in_pairs(const QuantizedMatmul& m) {
  if (m.x.tokens * m.x.format.planes < q8_pairs_from) return matmul_q8(m);
  std::byte* const unpacked = reinterpret_cast<std::byte*>(m.scratch);
  const int planes = m.x.format.planes;
  const bool unpack = m.x.tokens >= unpack_int16_from;
  for_all_blocks<q8_format, WeightsAt::first_step>(m, max_panels, [&](KernelCall call, int panels) {
    if (unpack) {
      for (int p = 0; p < panels; ++p)
        unpack_int16(call.w + p * call.panel_stride, call.groups * call.steps,
                     unpacked + p * int16_panel_bytes);
      call.w = unpacked;
      call.panel_stride = int16_panel_bytes;
    }
    alignas(64) std::int8_t x[2 * chunk * block_width];
    float scales[q8_groups * chunk];
    std::int32_t offsets[q8_groups * chunk];
    KernelCall some = call;
    some.planes = 1;
    some.x = x;
    some.x_scale = scales;
    some.x_offset = offsets;
    for (int first = 0; first < call.tokens; first += chunk, some.sums += chunk * sums_stride) {
      some.tokens = call.tokens - first < chunk ? call.tokens - first : chunk;
      for (int i = 0; i < some.tokens; ++i)
        widen_codes(call.x + (first + i) * planes * block_width, planes, x + i * block_width);
      for (int group = 0; group < call.groups; ++group)
        for (int i = 0; i < some.tokens; ++i) {
          const int from = group * call.tokens + first + i, to = group * some.tokens + i;
          const std::int32_t* const offset = call.x_offset + from * planes;
          scales[to] = call.x_scale[from];
          offsets[to] = planes == 2 ? 256 * offset[0] + offset[1] : offset[0];
        }
      if (unpack)
        multiply_panels<Int16<UnpackedWeights>>(some, panels);
      else
        multiply_panels<Int16<PackedWeights>>(some, panels);
    }
  });
}

// Values that fill a byte (IQ4_NL, IQ4_XS, Q8_0, int8) in the same way, all tokens but a few; none that have minima.
void matmul_sub_blocks_in_pairs(const QuantizedMatmul& m) {
  const SubBlocks& codes = *m.format->sub_blocks;
  const QuantizedActivations& x = m.x;
  const int planes = x.format.planes;
  if (codes.largest < 255 || codes.minima || x.tokens * planes < q8_pairs_from) return matmul_sub_blocks(m);
  std::byte* const unpacked = reinterpret_cast<std::byte*>(m.scratch);
  const UnpackCodes unpack = unpack_for(codes);
  SubBlockInputs inputs;
  alignas(64) std::int8_t wide[2 * chunk * block_width];
  for_all_sub_blocks(
      m,
      [&](int panel, const std::byte* lines, const std::byte* prefetched, int width) {
        alignas(64) std::byte bytes[bytes_of_panel];
        unpack(codes, lines, prefetched, width, bytes);
        unpack_int16(bytes, width / step_width, unpacked + panel * int16_panel_bytes);
      },
      [&](int block, int groups, int panels, const SubBlockScales& scales, float* sums) {
        KernelCall call{};
        call.w = call.prefetched = unpacked;
        call.panel_stride = int16_panel_bytes;
        call.groups = groups;
        call.steps = m.format->group / step_width;
        call.planes = 1;
        call.scale = scales.scales[0];
        call.x = wide;
        call.x_scale = inputs.scales;
        call.x_offset = inputs.starts;
        call.x_sub_offset = x.sub_offsets;  // not read here, but advanced
        for (int token = 0; token < x.tokens; token += chunk) {
          call.tokens = x.tokens - token < chunk ? x.tokens - token : chunk;
          const std::int8_t* const from =
              x.codes + (static_cast<std::size_t>(block) * x.tokens + token) * planes * block_width;
          for (int i = 0; i < call.tokens; ++i)
            widen_codes(from + i * planes * block_width, planes, wide + i * block_width);
          inputs.read(x, block, token, call.tokens, groups, m.format->group, codes.zero);
          if (planes == 2)
            for (int i = 0; i < groups * call.tokens; ++i)
              inputs.starts[i] = 256 * inputs.starts[2 * i] + inputs.starts[2 * i + 1];
          call.sums = sums + static_cast<std::size_t>(token) * sums_stride;
          multiply_panels<Int16<UnpackedWeights>>(call, panels);
        }
      });
}

void matmul_q4_in_pairs(const QuantizedMatmul& m) {
  if (m.x.tokens < q4_pairs_from) return matmul_q4(m);
  std::byte* const unpacked = reinterpret_cast<std::byte*>(m.scratch);
  for_all_blocks<q4_format, WeightsAt::block>(m, max_panels, [&](KernelCall call, int panels) {
    for (int p = 0; p < panels; ++p)
      unpack_codes(call.w + p * call.panel_stride, call.steps, unpacked + p * Int4Pairs::panel_bytes);
    alignas(64) std::int8_t x[chunk * block_width];
    KernelCall some = call;
    some.w = unpacked;
    some.panel_stride = Int4Pairs::panel_bytes;
    some.x = x;
    for (int first = 0; first < call.tokens; first += chunk, some.sums += chunk * sums_stride) {
      some.tokens = call.tokens - first < chunk ? call.tokens - first : chunk;
      for (int i = 0; i < some.tokens; ++i)
        pair_codes(call.x + (first + i) * block_width, x + i * block_width);
      some.x_scale = call.x_scale + first;
      multiply_panels<Int4Pairs>(some, panels);
    }
  });
}

}  // namespace
}  // namespace kelvin::kernels
