// AMX: tiles of bytes for many tokens, AVX-512 VNNI for few.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/int_lanes_512.h"
#include "engine/kernels/quantized.h"
#include "engine/kernels/vnni_512.h"

namespace kelvin::kernels {
namespace {

constexpr int int4_to_int8_from = 2, unpack_from = 25;

}  // namespace
}  // namespace kelvin::kernels

#include "engine/kernels/integer_kernels.h"

#include "engine/kernels/amx_blocking.h"

namespace kelvin::kernels {
namespace {

constexpr int tiles_from = 9;  // columns

// Tiles 0-3: sums, 4 and 5: activations, 6 and 7: weights. As asm with memory clobbers: GCC 12's tile
// functions do not say what memory they read (of the configuration only 8 of 64 bytes), so that stores before
// them could be dropped or delayed.
class HardwareTiles {
 public:
  HardwareTiles() {
    alignas(64) std::uint8_t configuration[64] = {1};  // palette
    for (int tile = 0; tile < 8; ++tile) {
      configuration[16 + 2 * tile] = 64;  // bytes of a row, 16 bits
      configuration[48 + tile] = 16;      // rows
    }
    asm volatile("ldtilecfg %0" : : "m"(configuration) : "memory");
  }
  ~HardwareTiles() { asm volatile("tilerelease" : : : "memory"); }
  HardwareTiles(const HardwareTiles&) = delete;
  HardwareTiles& operator=(const HardwareTiles&) = delete;

  void zero_sums() {
    asm volatile(
        "tilezero %%tmm0\n\t"
        "tilezero %%tmm1\n\t"
        "tilezero %%tmm2\n\t"
        "tilezero %%tmm3"
        :
        :
        : "memory");
  }
  void load_x(const std::int8_t* x0, const std::int8_t* x1) {
    asm volatile(
        "tileloadd (%0, %2, 1), %%tmm4\n\t"
        "tileloadd (%1, %2, 1), %%tmm5"
        :
        : "r"(x0), "r"(x1), "r"(std::int64_t{block_width})
        : "memory");
  }
  void load_w(const std::byte* w0, const std::byte* w1) {
    asm volatile(
        "tileloadd (%0, %2, 1), %%tmm6\n\t"
        "tileloadd (%1, %2, 1), %%tmm7"
        :
        : "r"(w0), "r"(w1), "r"(std::int64_t{64})
        : "memory");
  }
  void multiply() {
    // In AT&T order: weights (unsigned), activations (signed), sums.
    asm volatile(
        "tdpbsud %%tmm6, %%tmm4, %%tmm0\n\t"
        "tdpbsud %%tmm7, %%tmm4, %%tmm1\n\t"
        "tdpbsud %%tmm6, %%tmm5, %%tmm2\n\t"
        "tdpbsud %%tmm7, %%tmm5, %%tmm3"
        :
        :
        : "memory");
  }
  void store_sums(std::int32_t (&sums)[2][2][tile_columns][panel_rows]) {
    asm volatile(
        "tilestored %%tmm0, (%0, %4, 1)\n\t"
        "tilestored %%tmm1, (%1, %4, 1)\n\t"
        "tilestored %%tmm2, (%2, %4, 1)\n\t"
        "tilestored %%tmm3, (%3, %4, 1)"
        :
        : "r"(sums[0][0]), "r"(sums[0][1]), "r"(sums[1][0]), "r"(sums[1][1]), "r"(std::int64_t{64})
        : "memory");
  }
};

void matmul_q8_in_tiles(const QuantizedMatmul& m) {
  if (m.x.format.planes * m.x.tokens < tiles_from) return matmul_q8(m);
  HardwareTiles tiles;
  for_all_blocks<q8_format, WeightsAt::first_step>(
      m, unpacked_panels,
      [&](const KernelCall& call, int panels) { multiply_block_in_tiles(tiles, call, panels); });
}

void matmul_q4_in_tiles(const QuantizedMatmul& m) {
  if (m.x.tokens < tiles_from) return matmul_q4(m);
  HardwareTiles tiles;
  std::byte* unpacked = reinterpret_cast<std::byte*>(m.scratch);
  for_all_blocks<q4_format, WeightsAt::block>(m, unpacked_panels, [&](KernelCall call, int panels) {
    multiply_block_in_tiles(tiles, unpack_panels(call, panels, unpacked), panels);
  });
}

std::uint64_t multiply_burst_in_tiles(std::uint64_t rounds, std::int32_t* sink) {
  HardwareTiles tiles;
  alignas(64) std::int32_t sums[2][2][tile_columns][panel_rows];
  tiles.zero_sums();
  for (std::uint64_t round = 0; round < rounds; ++round) tiles.multiply();
  tiles.store_sums(sums);
  *sink = sums[0][0][0][0];
  return rounds * 4 * 16 * 16 * 64;
}

}  // namespace

void amx_integers(QuantizedKernels& table) {
  install_integers(table);
  table.q8.matmul = matmul_q8_in_tiles;
  table.q4.matmul = matmul_q4_in_tiles;
  table.multiply_burst = multiply_burst_in_tiles;
}

}  // namespace kelvin::kernels
#endif
