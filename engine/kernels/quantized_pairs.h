// Integer products of several tokens where there is no VNNI. Two products are added up by an instruction, the
// rest by additions; so weights are made such that the sums stay small enough to be added as they are.
// Included after quantized_tiles.h and these words:
//   Int multiply_bytes(Int x, Int w)      x: unsigned, w: signed; the sums of two products, int16
//   Int multiply_halves_in_pairs(Int a, Int b)      of int16; the sums of two products, int32
//   tokens_of_packed_halves, tokens_of_halves, tokens_of_codes      of a tile
//   q8_pairs_from, q4_pairs_from      columns from which all this is faster
//   unpack_halves_from      and tokens from which unpacking q8 to int16 first is
#pragma once

namespace kelvin {
namespace {

// Tokens whose activations are prepared at a time, to stay in the first cache; of q8 the even halves come
// first.
constexpr int chunk = 48;
constexpr int to_odd_halves = chunk * group_width;

// Of four weights of q8 the even or the odd two as int16, weight + 128: as they lie, and after unpack_halves.
struct PackedWeights {
  static constexpr int step_bytes = 64, most = tokens_of_packed_halves;
  static Int halves(const std::byte* w, int odd) {
    return odd ? right_halves<8>(load(w)) : both(load(w), splat(0x00ff00ff));
  }
};
struct UnpackedWeights {
  static constexpr int step_bytes = 128, most = tokens_of_halves;
  static Int halves(const std::byte* w, int odd) { return load(w + odd * 64); }
};

constexpr int bytes_of_halves = 2 * panel_rows * group_width;  // of a panel

inline void unpack_halves(const std::byte* from, int steps, std::byte* to) {
  for (int step = 0; step < steps; ++step, from += 64, to += 128)
    for (int at = 0; at < 64; at += lanes * 4)
      for (int odd = 0; odd < 2; ++odd) store(to + odd * 64 + at, PackedWeights::halves(from + at, odd));
}

// q8, both planes at once: activations are int16 here, so that 64 products with weight + 128 are below
// 64 * 255 * 32639 < 2^30.
template <class Weights>
struct Halves {
  static constexpr int panels = tile_panels, most = Weights::most;

  template <int planes, int panels, int tokens>
  [[gnu::noinline]] static void multiply(const Tile& t) {
    constexpr int registers = panels * parts;
    const std::byte* w = t.w;
    const std::int8_t* x = t.x;
    for (int span = 0; span < t.spans; ++span) {
      Int sum[tokens][registers];
      for (int token = 0; token < tokens; ++token)
        for (Int& s : sum[token]) s = splat(t.x_offset[span * t.tokens + token]);
      for (int step = 0; step < t.steps; ++step, w += Weights::step_bytes, x += step_width)
#pragma GCC unroll 2
        for (int odd = 0; odd < 2; ++odd) {
          Int ws[registers];
          for (int panel = 0; panel < panels; ++panel)
            for (int part = 0; part < parts; ++part)
              ws[panel * parts + part] = Weights::halves(w + panel * t.w_stride + part * lanes * 4, odd);
          for (int token = 0; token < tokens; ++token) {
            const Int xs = splat_step(x + odd * to_odd_halves + token * group_width);
            for (int r = 0; r < registers; ++r) {
              sum[token][r] = add(sum[token][r], multiply_halves_in_pairs(ws[r], xs));
              keep(sum[token][r]);
            }
          }
        }
      add_to_sums<1>(t, span, sum);
    }
  }
};

// q4: a 32-bit lane holds two codes of an even sub-scale and two of the odd one behind it, so that its int16
// sums belong to one sub-scale each and one multiplication by both sub-scales does for 32 k. Activations are
// unsigned, code + 128: sixteen products stay within 16 * 8 * 255 = 32640. What the 128 adds is part of the
// weights.
struct PairedCodes {
  static constexpr int panels = tile_panels, most = tokens_of_codes;
  static constexpr int scale_pairs = groups_of_subs / 2;
  static constexpr int to_scales = panel_rows * group_width;  // in bytes
  static constexpr int to_starts = to_scales + scale_pairs * panel_rows * 4;
  static constexpr int panel_bytes = to_starts + panel_rows * 4;

  template <int planes, int panels, int tokens>
  [[gnu::noinline]] static void multiply(const Tile& t) {
    constexpr int registers = panels * parts;
    const auto load_all = [&](const std::byte* from, Int(&to)[registers]) {
      for (int panel = 0; panel < panels; ++panel)
        for (int part = 0; part < parts; ++part)
          to[panel * parts + part] = load(from + panel * t.w_stride + part * lanes * 4);
    };
    Int total[tokens][registers];
    for (Int(&of_token)[registers] : total) load_all(t.w + to_starts, of_token);
    const std::byte *w = t.w, *scales = t.w + to_scales;
    const std::int8_t* x = t.x;
    for (int pair = 0; pair < t.steps / 8; ++pair, scales += 64) {
      Int sum[tokens][registers];
#pragma GCC unroll 8
      for (int step = 0; step < 8; ++step, w += 64, x += step_width) {
        Int ws[registers];
        load_all(w, ws);
        for (int token = 0; token < tokens; ++token) {
          const Int xs = splat_step(x + token * group_width);
          for (int r = 0; r < registers; ++r) {
            const Int product = multiply_bytes(xs, ws[r]);
            sum[token][r] = step == 0 ? product : add_halves(sum[token][r], product);
            keep(sum[token][r]);
          }
        }
      }
      Int scale[registers];
      load_all(scales, scale);
      for (int token = 0; token < tokens; ++token)
        for (int r = 0; r < registers; ++r)
          total[token][r] = add(total[token][r], multiply_halves_in_pairs(sum[token][r], scale[r]));
    }
    add_to_sums<1>(t, 0, total);
  }
};

inline void unpack_codes(const std::byte* block, int steps, std::byte* to) {
  const Int low = splat(0x0f0f0f0f), minus_8 = splat(static_cast<std::int32_t>(0xf8f8f8f8u));
  for (int part = 0; part < parts; ++part) {
    const std::ptrdiff_t at = part * lanes * 4;
    Int start = zero();
    for (int pair = 0; pair < steps / 8; ++pair) {
      const std::byte* const codes = block + q4_header + pair * 256 + at;
      std::byte* const out = to + pair * 512 + at;
      Int sum = zero();  // of up to eight codes each
      for (int i = 0; i < 4; ++i) {
        Int even = load(codes + i / 2 * 64), odd = load(codes + i / 2 * 64 + 128);
        if (i % 2 == 1) even = right<4>(even), odd = right<4>(odd);
        even = both(even, low);
        odd = both(odd, low);
        const Int front = add_bytes(blend_halves(even, left<16>(odd)), minus_8);
        const Int back = add_bytes(blend_halves(right<16>(even), odd), minus_8);
        store(out + i * 128, front);
        store(out + i * 128 + 64, back);
        sum = add_bytes(sum, add_bytes(front, back));
      }
      const Int even_scale = sub_scale(block, 2 * pair, part * lanes);
      const Int odd_scale = sub_scale(block, 2 * pair + 1, part * lanes);
      const Int scales = blend_halves(even_scale, left<16>(odd_scale));
      store(to + PairedCodes::to_scales + pair * 64 + at, scales);
      const Int added = multiply_bytes(splat(static_cast<std::int32_t>(0x80808080u)), sum);
      start = subtract(start, multiply_halves_in_pairs(added, scales));
    }
    store(to + PairedCodes::to_starts + at, start);
  }
}

// Asks memory for a piece of the next chunk.
inline void fetch_codes(const std::int8_t* codes, int planes) {
  __builtin_prefetch(codes + chunk * planes * group_width);
}

// The codes of one token and 256 k for PairedCodes.
inline void pair_codes(const std::int8_t* codes, std::int8_t* to) {
  for (int k = 0; k < group_width; k += 64) fetch_codes(codes + k, 1);
  for (int k = 0; k < group_width; k += lanes * 4)
    store(to + k, differ(interleave(load(codes + k)), splat(static_cast<std::int32_t>(0x80808080u))));
}

// And for Halves, 256 * plane 0 + plane 1 or the only plane.
inline void widen_codes(const std::int8_t* codes, int planes, std::int8_t* to) {
  for (int k = 0; k < planes * group_width; k += 64) fetch_codes(codes + k, planes);
  for (int k = 0; k < group_width; k += lanes * 4) {
    const Int low = load(codes + (planes - 1) * group_width + k);
    Int even = right_signed<8>(left_halves<8>(low)), odd = right_signed<8>(low);
    if (planes == 2) {
      const Int high = load(codes + k);
      even = add_halves(even, left_halves<8>(high));
      odd = add_halves(odd, both(high, splat(static_cast<std::int32_t>(0xff00ff00u))));
    }
    store(to + k, even);
    store(to + to_odd_halves + k, odd);
  }
}

constexpr std::size_t unpacked_bytes = unpacked_floats * sizeof(float);
static_assert(most_panels * bytes_of_halves <= unpacked_bytes);
static_assert(most_panels * PairedCodes::panel_bytes <= unpacked_bytes);

template <class Product>
void multiply_panels(Tile t, int panels) {
  for (int left = panels; left > 0; left -= Product::panels) {
    multiply_group<Product, 1>(t, left < Product::panels ? left : Product::panels);
    t.w += Product::panels * t.w_stride;
    t.scale += Product::panels * panel_rows;
    t.sums += Product::panels * panel_rows;
  }
}

void matmul_q8_in_pairs(const QuantizedMatmul& m) {
  if (m.x.tokens * m.x.format.planes < q8_pairs_from) return matmul_q8(m);
  std::byte* const unpacked = reinterpret_cast<std::byte*>(m.scratch);
  const int planes = m.x.format.planes;
  const bool unpack = m.x.tokens >= unpack_halves_from;
  for_all_blocks<Q8>(m, most_panels, [&](Tile t, int panels) {
    if (unpack) {
      for (int p = 0; p < panels; ++p)
        unpack_halves(t.w + p * t.w_stride, t.spans * t.steps, unpacked + p * bytes_of_halves);
      t.w = unpacked;
      t.w_stride = bytes_of_halves;
    }
    alignas(64) std::int8_t x[2 * chunk * group_width];
    float scales[groups_of_spans * chunk];
    std::int32_t offsets[groups_of_spans * chunk];
    Tile some = t;
    some.planes = 1;
    some.x = x;
    some.x_scale = scales;
    some.x_offset = offsets;
    for (int first = 0; first < t.tokens; first += chunk, some.sums += chunk * sums_stride) {
      some.tokens = t.tokens - first < chunk ? t.tokens - first : chunk;
      for (int i = 0; i < some.tokens; ++i)
        widen_codes(t.x + (first + i) * planes * group_width, planes, x + i * group_width);
      for (int span = 0; span < t.spans; ++span)
        for (int i = 0; i < some.tokens; ++i) {
          const int from = span * t.tokens + first + i, to = span * some.tokens + i;
          const std::int32_t* const offset = t.x_offset + from * planes;
          scales[to] = t.x_scale[from];
          offsets[to] = planes == 2 ? 256 * offset[0] + offset[1] : offset[0];
        }
      if (unpack)
        multiply_panels<Halves<UnpackedWeights>>(some, panels);
      else
        multiply_panels<Halves<PackedWeights>>(some, panels);
    }
  });
}

void matmul_q4_in_pairs(const QuantizedMatmul& m) {
  if (m.x.tokens < q4_pairs_from) return matmul_q4(m);
  std::byte* const unpacked = reinterpret_cast<std::byte*>(m.scratch);
  for_all_blocks<Q4>(m, most_panels, [&](Tile t, int panels) {
    for (int p = 0; p < panels; ++p)
      unpack_codes(t.w + p * t.w_stride, t.steps, unpacked + p * PairedCodes::panel_bytes);
    alignas(64) std::int8_t x[chunk * group_width];
    Tile some = t;
    some.w = unpacked;
    some.w_stride = PairedCodes::panel_bytes;
    some.x = x;
    for (int first = 0; first < t.tokens; first += chunk, some.sums += chunk * sums_stride) {
      some.tokens = t.tokens - first < chunk ? t.tokens - first : chunk;
      for (int i = 0; i < some.tokens; ++i) pair_codes(t.x + (first + i) * group_width, x + i * group_width);
      some.x_scale = t.x_scale + first;
      multiply_panels<PairedCodes>(some, panels);
    }
  });
}

}  // namespace
}  // namespace kelvin
