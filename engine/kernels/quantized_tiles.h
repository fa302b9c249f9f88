// The integer products once for all x86 tables. Included after int_lanes_256.h or int_lanes_512.h and these
// words, which differ between processors with and without VNNI:
//   Int start_bytes(std::int32_t offset)      what a sum over (weight + 128) x starts from
//   Int add_byte_products(Int sum, Int w, Int x)      four products each, w: weight + 128, x: activations
//   Int add_nibble_products(Int sum, Int code, Int x)   four products each, code: 0..15; sums stay within one
//   sub-scale
//   Int sub_scale_operand(Int s)      -15..15 made ready for Int add_scaled(Int total, Int sum, Int s)
//   most_tokens, most_tokens_of_nibbles      columns of a tile, even
//   bytes_from      tokens from which 4-bit weights are multiplied as bytes
//   unpack_from      tokens from which unpacking them into memory first is faster
#pragma once

#include "engine/kernels/quantized_groups.h"

namespace kelvin {
namespace {

constexpr int parts = panel_rows / lanes;  // registers for the rows of a panel
inline Int splat_step(const std::int8_t* x) {
  std::int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return splat(four);
}

// Of a span of some columns: sums[token] += what their products say.
template <int planes, int columns, int registers>
void add_to_sums(const Tile& t, int span, const Int (&dot)[columns][registers]) {
  const float* const x_scales = t.x_scale + span * t.tokens;
  const float* const w_scales = t.scale + span * sums_stride;
  float* sums = t.sums;
#pragma GCC unroll 8
  for (int token = 0; token < columns / planes; ++token, sums += sums_stride) {
    const Float x_scale = splat_float(x_scales[token]);
#pragma GCC unroll 8
    for (int r = 0; r < registers; ++r) {
      Int product = dot[token * planes][r];
      if constexpr (planes == 2) product = add(left<8>(product), dot[token * planes + 1][r]);
      const Float scale = multiply(load_float(w_scales + r * lanes), x_scale);
      float* const sum = sums + r * lanes;
      store_float(sum, multiply_add(to_float(product), scale, load_float(sum)));
    }
  }
}

// Few tokens wait for memory, which the hardware's own prefetching does not keep busy. What one token reads
// is used once, so it goes by the second cache.
template <int columns>
void fetch(const std::byte* line) {
  __builtin_prefetch(line, 0, columns <= 2 ? 0 : 3);
}

struct Bytes {
  static constexpr int panels = tile_panels, most = most_tokens;

  // Not inlined: what the caller keeps in registers would push sums out of them.
  template <int planes, int panels, int columns>
  [[gnu::noinline]] static void multiply(const Tile& t) {
    constexpr int registers = panels * parts;
    if constexpr (panels > 1)
      for (int token = 0; token < columns / planes; ++token)
        for (int line = 0; line < panels; ++line)
          __builtin_prefetch(t.sums + token * sums_stride + line * panel_rows, 1);
    const std::byte *w = t.w, *next = t.next;
    const std::int8_t* x = t.x;
    for (int span = 0; span < t.spans; ++span) {
      Int sum[columns][registers];
      const std::int32_t* const offset = t.x_offset + span * t.columns();
      for (int column = 0; column < columns; ++column)
        for (Int& s : sum[column]) s = start_bytes(offset[column]);
      for (int step = 0; step < t.steps; ++step, w += 64, next += 64, x += step_width) {
        for (int panel = 0; panel < panels; ++panel) fetch<columns>(next + panel * t.w_stride);
        if (panels > 1 && step % (64 / step_width) == 0)
          for (int column = 0; column < columns; ++column)
            __builtin_prefetch(x + (column + 2 * columns) * group_width);
        Int ws[registers];
        for (int panel = 0; panel < panels; ++panel)
          for (int part = 0; part < parts; ++part)
            ws[panel * parts + part] = load(w + panel * t.w_stride + part * lanes * 4);
        for (int column = 0; column < columns; ++column) {
          const Int xs = splat_step(x + column * group_width);
          for (int r = 0; r < registers; ++r) sum[column][r] = add_byte_products(sum[column][r], ws[r], xs);
        }
      }
      add_to_sums<planes>(t, span, sum);
    }
  }
};

// Rows first..first + lanes of a block of q4: sub-scale `sub`, -15..15.
inline Int sub_scale(const std::byte* block, int sub, int first) {
  const Int pair = load_bytes_wide(block + sub / 2 * panel_rows + first);
  std::uint16_t signs;
  __builtin_memcpy(&signs, block + q4_signs + 2 * sub, sizeof signs);
  return negate_lanes(sub % 2 ? right<4>(pair) : both(pair, splat(15)), signs, first);
}

template <int columns>
void fetch_header(const std::byte* block) {
  static_assert(q4_header == 192);
  for (int line = 0; line < 3; ++line) fetch<columns>(block + 64 * line);
}

// 4-bit codes times activations, the sums of 16 k then times the sub-scale.
struct Nibbles {
  static constexpr int panels = 1, most = most_tokens_of_nibbles;

  template <int planes, int panels, int tokens>
  [[gnu::noinline]] static void multiply(const Tile& t) {
    static_assert(planes == 1 && panels == 1);
    Int total[tokens][parts];
    for (auto& by_token : total)
      for (Int& part : by_token) part = zero();
    const std::byte *codes = t.w + q4_header, *next = t.next + q4_header;
    const std::int8_t* x = t.x;
    for (int sub = 0; sub < t.steps / 4; ++sub, codes += 128, next += 128, x += sub_width) {
      fetch<tokens>(next);
      fetch<tokens>(next + 64);
      for (int part = 0; part < parts; ++part) {
        const Int scale = sub_scale_operand(sub_scale(t.w, sub, part * lanes));
        const Int low = splat(0x0f0f0f0f);
        const Int a = load(codes + part * lanes * 4), b = load(codes + part * lanes * 4 + 64);
        const Int code[4] = {both(a, low), both(right<4>(a), low), both(b, low), both(right<4>(b), low)};
        for (int token = 0; token < tokens; ++token) {
          Int sum = splat(t.x_sub_offset[token * groups_of_subs + sub]);
          for (int i = 0; i < 4; ++i)
            sum = add_nibble_products(sum, code[i], splat_step(x + token * group_width + i * step_width));
          total[token][part] = add_scaled(total[token][part], sum, scale);
        }
      }
    }
    add_to_sums<1>(t, 0, total);
  }
};

// A sub-scale s that makes bytes of codes: s (code + 8) + (128 - 8 s) is weight + 128, within 8..248, so that
// two of them are one product of 16 bits and nothing is carried from one to the other.
struct ByteScale {
  Int factor, base;

  ByteScale() = default;
  ByteScale(const std::byte* block, int sub, int first)
      : factor(repeat_low_half(sub_scale(block, sub, first))),
        base(subtract_halves(splat(static_cast<std::int32_t>(0x80808080u)),
                             multiply_halves(factor, splat(0x08080808)))) {}
  Int weights(Int codes) const { return add_halves(multiply_halves(codes, factor), base); }
  Int low_weights(Int pair) const { return weights(both(pair, splat(0x0f0f0f0f))); }
  Int high_weights(Int pair) const { return low_weights(right<4>(pair)); }
};

// 4-bit weights made bytes in registers, for the columns of one tile.
struct CodesAsBytes {
  static constexpr int panels = tile_panels, most = most_tokens;

  template <int planes, int panels, int tokens>
  [[gnu::noinline]] static void multiply(const Tile& t) {
    static_assert(planes == 1);
    constexpr int registers = panels * parts;
    Int sum[tokens][registers];
    for (int token = 0; token < tokens; ++token)
      for (Int& s : sum[token]) s = start_bytes(t.x_offset[token]);
    const std::byte *codes = t.w + q4_header, *next = t.next + q4_header;
    const std::int8_t* x = t.x;
    for (int panel = 0; panel < panels; ++panel) fetch_header<tokens>(t.next + panel * t.w_stride);
    for (int sub = 0; sub < t.steps / 4; ++sub, codes += 128, next += 128) {
      ByteScale scale[registers];
      for (int r = 0; r < registers; ++r)
        scale[r] = ByteScale(t.w + r / parts * t.w_stride, sub, r % parts * lanes);
      for (int pair = 0; pair < 2; ++pair, x += 2 * step_width) {
        Int ws[2][registers];
        for (int r = 0; r < registers; ++r) {
          const std::size_t at = r / parts * t.w_stride + pair * 64;
          if (r % parts == 0) fetch<tokens>(next + at);
          const Int both_steps = load(codes + at + r % parts * lanes * 4);
          ws[0][r] = scale[r].low_weights(both_steps);
          ws[1][r] = scale[r].high_weights(both_steps);
        }
        for (int step = 0; step < 2; ++step)
          for (int token = 0; token < tokens; ++token) {
            const Int xs = splat_step(x + token * group_width + step * step_width);
            for (int r = 0; r < registers; ++r)
              sum[token][r] = add_byte_products(sum[token][r], ws[step][r], xs);
          }
      }
    }
    add_to_sums<1>(t, 0, sum);
  }
};

// Weights + 128 of one block, in the order of a q8 block.
inline void unpack_q4(const std::byte* block, int steps, const std::byte* next, std::byte* bytes) {
  const std::byte* codes = block + q4_header;
  fetch_header<most_tokens>(next);
  next += q4_header;
  for (int sub = 0; sub < steps / 4; ++sub, codes += 128, next += 128, bytes += 256) {
    fetch<most_tokens>(next);
    fetch<most_tokens>(next + 64);
    for (int part = 0; part < parts; ++part) {
      const ByteScale scale(block, sub, part * lanes);
      const std::size_t at = static_cast<std::size_t>(part) * lanes * 4;
      const Int a = load(codes + at), b = load(codes + at + 64);
      store(bytes + at, scale.low_weights(a));
      store(bytes + at + 64, scale.high_weights(a));
      store(bytes + at + 128, scale.low_weights(b));
      store(bytes + at + 192, scale.high_weights(b));
    }
  }
}

template <class Product, int planes, int panels, int columns = Product::most>
void last_columns(const Tile& t, int count) {
  if (count == columns) return Product::template multiply<planes, panels, columns>(t);
  if constexpr (columns > planes) last_columns<Product, planes, panels, columns - planes>(t, count);
}

template <class Product, int planes, int panels>
void all_columns(Tile t) {
  static_assert(Product::most % planes == 0);
  int count = t.columns();
  for (; count >= Product::most; count -= Product::most) {
    Product::template multiply<planes, panels, Product::most>(t);
    t.advance(Product::most);
  }
  if (count > 0) last_columns<Product, planes, panels>(t, count);
}

template <class Product, int planes>
void multiply_group(Tile t, int panels) {
  if (panels == Product::panels) return all_columns<Product, planes, Product::panels>(t);
  for (int panel = 0; panel < panels; ++panel) {
    all_columns<Product, planes, 1>(t);
    t.w += t.w_stride;
    t.next += t.w_stride;
    t.scale += panel_rows;
    t.sums += panel_rows;
  }
}

// The same panels as bytes.
inline Tile unpack_panels(Tile t, int panels, std::byte* bytes) {
  for (int p = 0; p < panels; ++p)
    unpack_q4(t.w + p * t.w_stride, t.steps, t.next + p * t.w_stride, bytes + p * panel_rows * group_width);
  t.w = t.next = bytes;
  t.w_stride = panel_rows * group_width;
  return t;
}

// One token reads one panel after the other, as they lie in memory.
inline int panels_for(int tokens) { return tokens > 1 ? tile_panels : 1; }

void matmul_q8(const QuantizedMatmul& m) {
  for_all_blocks<Q8>(m, panels_for(m.x.tokens), [&](const Tile& t, int panels) {
    t.planes == 2 ? multiply_group<Bytes, 2>(t, panels) : multiply_group<Bytes, 1>(t, panels);
  });
}

void matmul_q4(const QuantizedMatmul& m) {
  if (m.x.tokens < bytes_from)
    return for_all_blocks<Q4>(m, panels_for(m.x.tokens),
                              [&](const Tile& t, int panels) { multiply_group<Nibbles, 1>(t, panels); });
  if (m.x.tokens < unpack_from)
    return for_all_blocks<Q4>(m, tile_panels,
                              [&](const Tile& t, int panels) { multiply_group<CodesAsBytes, 1>(t, panels); });
  std::byte* unpacked = reinterpret_cast<std::byte*>(m.scratch);
  for_all_blocks<Q4>(m, tile_panels, [&](const Tile& t, int panels) {
    multiply_group<Bytes, 1>(unpack_panels(t, panels, unpacked), panels);
  });
}

inline std::uint64_t multiply_burst(std::uint64_t rounds, std::int32_t* sink) {
  Int sum[10];
  for (Int& s : sum) s = zero();
  Int w = splat(0x01020304);
  const Int x = splat(0x04030201);
  for (std::uint64_t round = 0; round < rounds; ++round)
    for (Int& s : sum) {
      asm volatile("" : "+x"(w));  // or all would be one product
      s = add_nibble_products(s, w, x);
    }
  Int total = zero();
  for (const Int& s : sum) total = add(total, s);
  alignas(64) std::int32_t out[lanes];
  store(out, total);
  *sink = out[0];
  return rounds * 10 * lanes * 4;
}

}  // namespace
}  // namespace kelvin
