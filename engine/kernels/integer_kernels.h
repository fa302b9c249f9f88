// All integer kernels, in the order in which they need each other, for a table. Included after the registers
// (int_lanes_256.h, int_lanes_512.h or their like) and the words that the headers below name.
#pragma once

// clang-format off
#include "engine/kernels/packing_vectors.h"
#include "engine/kernels/packing_q8.h"
#include "engine/kernels/packing_q4.h"
#include "engine/kernels/quantize_activations.h"
#include "engine/kernels/micro_kernels.h"
#include "engine/kernels/micro_kernels_q4.h"
#include "engine/kernels/sub_block_codes.h"
#include "engine/kernels/sub_block_products.h"
#include "engine/kernels/sub_block_token.h"
// clang-format on

namespace kelvin::kernels {
namespace {

inline std::uint64_t multiply_burst(std::uint64_t rounds, std::int32_t* sink) {
  constexpr int sums = 12;  // more than the latency of two multiplications a cycle asks for
  Int sum[sums];
  for (Int& s : sum) s = zero();
  Int w = splat(0x01020304);
  const Int x = splat(0x04030201);
  for (std::uint64_t round = 0; round < rounds; ++round)
    for (Int& s : sum) {
      optimization_barrier(w);  // or all would be one product
      s = add_int4_products(s, w, x);
    }
  Int total = zero();
  for (const Int& s : sum) total = add(total, s);
  alignas(64) std::int32_t out[int_lanes];
  store(out, total);
  *sink = out[0];
  return rounds * sums * int_lanes * 4;
}

void install_integers(QuantizedKernels& table) {
  table.q8 = {.matmul = matmul_q8, .pack = pack_q8};
  table.q4 = {.matmul = matmul_q4, .pack = pack_q4};
  table.sub_blocks = {.matmul = matmul_sub_blocks, .pack = nullptr};
  table.quantize_activations = quantize_activations;
  table.multiply_burst = multiply_burst;
}

}  // namespace
}  // namespace kelvin::kernels
