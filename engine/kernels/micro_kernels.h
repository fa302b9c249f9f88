// The micro-kernel of int8 products, written once over the registers of an instruction set. Included after
// int_lanes_256.h, int_lanes_512.h or their like, and these words, which differ between processors with and
// without a product of four bytes (VNNI):
//   Int start_int8(std::int32_t offset)            what a sum over (weight + 128) x starts from
//   Int add_int8_products(Int sum, Int w, Int x)   four products each; w: weight + 128, x: activations
//   max_columns                                    columns of a register tile, even
#pragma once

#include "engine/kernels/instruction_sets.h"
#include "engine/kernels/quantized_blocks.h"
#include "engine/kernels/unroll.h"

namespace kelvin::kernels {
namespace {

constexpr int parts = panel_rows / int_lanes;  // registers for the rows of a panel

inline Int splat_step(const std::int8_t* x) {
  std::int32_t four;
  __builtin_memcpy(&four, x, sizeof four);
  return splat(four);
}

// Of a group of some columns: sums[token] += scale_w * scale_x * the sum of their products.
template <int planes, int columns, int registers>
void add_to_sums(const KernelCall& call, int group, const Int (&dot)[columns][registers]) {
  const float* const x_scales = call.x_scale + group * call.tokens;
  const float* const w_scales = call.scale + group * sums_stride;
  float* sums = call.sums;
  KELVIN_UNROLL(8)
  for (int token = 0; token < columns / planes; ++token, sums += sums_stride) {
    const Float x_scale = splat_float(x_scales[token]);
    KELVIN_UNROLL(8)
    for (int r = 0; r < registers; ++r) {
      Int product = dot[token * planes][r];
      if constexpr (planes == 2) product = add(shift_left(product, 8), dot[token * planes + 1][r]);
      const Float scale = multiply(load_float(w_scales + r * int_lanes), x_scale);
      float* const sum = sums + r * int_lanes;
      store_float(sum, multiply_add(to_float(product), scale, load_float(sum)));
    }
  }
}

// Few tokens wait for memory, which the hardware's own prefetching does not keep busy. What they read is used
// once, so that it need not reach all caches.
template <int columns>
void prefetch(const std::byte* line) {
  if constexpr (columns > 2)
    __builtin_prefetch(line, 0, 3);
  else if (prefetch_into_l2)
    __builtin_prefetch(line, 0, 2);
  else
    __builtin_prefetch(line, 0, 0);
}

// Weights and activations of 8 bits, four products a lane.
struct Int8 {
  static constexpr int panels = tile_panels, max = max_columns;

  // Not inlined: what the caller keeps in registers would push sums out of them.
  template <int planes, int panels, int columns>
  [[gnu::noinline]] static void multiply(const KernelCall& call) {
    constexpr int registers = panels * parts;
    if constexpr (panels > 1)
      for (int token = 0; token < columns / planes; ++token)
        for (int line = 0; line < panels; ++line)
          __builtin_prefetch(call.sums + token * sums_stride + line * panel_rows, 1);
    const std::byte *w = call.w, *prefetched = call.prefetched;
    const std::int8_t* x = call.x;
    for (int group = 0; group < call.groups; ++group) {
      Int sum[columns][registers];
      const std::int32_t* const offset = call.x_offset + group * call.columns();
      for (int column = 0; column < columns; ++column)
        for (Int& s : sum[column]) s = start_int8(offset[column]);
      for (int step = 0; step < call.steps; ++step, w += 64, prefetched += 64, x += step_width) {
        for (int panel = 0; panel < panels; ++panel)
          prefetch<columns>(prefetched + panel * call.panel_stride);
        if (panels > 1 && step % (64 / step_width) == 0)
          for (int column = 0; column < columns; ++column)
            __builtin_prefetch(x + (column + 2 * columns) * block_width);
        Int ws[registers];
        for (int panel = 0; panel < panels; ++panel)
          for (int part = 0; part < parts; ++part)
            ws[panel * parts + part] = load(w + panel * call.panel_stride + part * int_lanes * 4);
        for (int column = 0; column < columns; ++column) {
          const Int xs = splat_step(x + column * block_width);
          for (int r = 0; r < registers; ++r) sum[column][r] = add_int8_products(sum[column][r], ws[r], xs);
        }
      }
      add_to_sums<planes>(call, group, sum);
    }
  }
};

template <class Product, int planes, int panels, int columns = Product::max>
void last_columns(const KernelCall& call, int count) {
  if (count == columns) return Product::template multiply<planes, panels, columns>(call);
  if constexpr (columns > planes) last_columns<Product, planes, panels, columns - planes>(call, count);
}

template <class Product, int planes, int panels>
void all_columns(KernelCall call) {
  static_assert(Product::max % planes == 0);
  int count = call.columns();
  for (; count >= Product::max; count -= Product::max) {
    Product::template multiply<planes, panels, Product::max>(call);
    call.advance(Product::max);
  }
  if (count > 0) last_columns<Product, planes, panels>(call, count);
}

template <class Product, int planes>
void multiply_block(KernelCall call, int panels) {
  if (panels == Product::panels) return all_columns<Product, planes, Product::panels>(call);
  for (int panel = 0; panel < panels; ++panel) {
    all_columns<Product, planes, 1>(call);
    call.w += call.panel_stride;
    call.prefetched += call.panel_stride;
    call.scale += panel_rows;
    call.sums += panel_rows;
  }
}

// One token reads one panel after the other, as they lie in memory.
inline int panels_for(int tokens) { return tokens > 1 ? tile_panels : 1; }

void matmul_q8(const QuantizedMatmul& m) {
  for_all_blocks<q8_format, WeightsAt::first_step>(
      m, panels_for(m.x.tokens), [&](const KernelCall& call, int panels) {
        call.planes == 2 ? multiply_block<Int8, 2>(call, panels) : multiply_block<Int8, 1>(call, panels);
      });
}

}  // namespace
}  // namespace kelvin::kernels
