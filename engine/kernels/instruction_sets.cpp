#include "engine/kernels/instruction_sets.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#endif

// Best first. SET(name, floats, integers, runs): NAME is the word of KELVIN_ISA, `floats`_floats is defined in
// FLOATS.cpp, `integers`_integers in quantized_INTEGERS.cpp; a member of CpuFeatures says whether it runs.
#define KELVIN_X86_SETS(SET)                           \
  SET("amx", avx512, amx, amx_int8)                    \
  SET("avx512_vnni", avx512, avx512_vnni, avx512_vnni) \
  SET("avx512", avx512, avx512, avx512)                \
  SET("avx_vnni", avx2, avx_vnni, avx_vnni)            \
  SET("avx2", avx2, avx2, avx2)

namespace kelvin::kernels {

#if defined(__x86_64__)
#define KELVIN_DECLARE(name, floats, integers, runs) \
  void floats##_floats(Kernels& table);              \
  void integers##_integers(QuantizedKernels& table);
KELVIN_X86_SETS(KELVIN_DECLARE)
#endif

namespace {

#if defined(__x86_64__)

struct CpuFeatures {
  bool avx2 = false;    // AVX2, FMA and F16C, with the system saving ymm registers
  bool avx512 = false;  // with avx2: AVX-512 F, BW, VL and DQ, with the system saving zmm and mask registers
  bool avx_vnni = false;     // with avx2: VNNI in its 256-bit form
  bool avx512_vnni = false;  // with avx512
  bool amx_int8 = false;     // with avx512_vnni: tiles of bytes, and the system lets this process use them
};

bool bit(unsigned word, int index) { return (word >> index & 1u) != 0; }

// The register states the operating system saves when it switches threads (XCR0).
std::uint64_t saved_states() {
  std::uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<std::uint64_t>(high) << 32 | low;
}

// Linux hands out the 8 KiB of tile registers on request only.
bool tiles_granted() {
  constexpr long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

// CPUID and XGETBV.
CpuFeatures ask_cpu() {
  CpuFeatures found;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const bool osxsave = bit(c, 27), fma = bit(c, 12), f16c = bit(c, 29), avx = bit(c, 28);
  if (!osxsave || !avx) return found;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  const bool avx2 = bit(b, 5), f = bit(b, 16), dq = bit(b, 17), bw = bit(b, 30), vl = bit(b, 31);
  const bool vnni = bit(c, 11), tiles = bit(d, 24) && bit(d, 25);
  const bool vnni_in_ymm = a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && bit(a, 4);

  // sse + avx; these + opmask + both halves of zmm; tile configuration + tiles
  constexpr std::uint64_t ymm = 0x6, zmm = 0xe6, tile = 0x60000;
  const std::uint64_t states = saved_states();
  found.avx2 = avx2 && fma && f16c && (states & ymm) == ymm;
  found.avx512 = found.avx2 && f && dq && bw && vl && (states & zmm) == zmm;
  found.avx_vnni = found.avx2 && vnni_in_ymm;
  found.avx512_vnni = found.avx512 && vnni;
  found.amx_int8 = found.avx512_vnni && tiles && (states & tile) == tile && tiles_granted();
  return found;
}

const CpuFeatures& cpu() {
  static const CpuFeatures features = ask_cpu();
  return features;
}

bool made_by_intel() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0, &a, &b, &c, &d) && b == signature_INTEL_ebx && d == signature_INTEL_edx;
}

#define KELVIN_X86_ROW(name, floats, integers, runs) \
  {name, floats##_floats, integers##_integers, [] { return cpu().runs; }},
#else
bool made_by_intel() { return false; }

#define KELVIN_X86_ROW(name, floats, integers, runs) {name, nullptr, nullptr, nullptr},
#endif

constexpr InstructionSet sets[] = {KELVIN_X86_SETS(KELVIN_X86_ROW)};

}  // namespace

// There a line past L2 holds one of the few buffers of L1 until it comes, and L2 has three times as many.
const bool prefetch_into_l2 = made_by_intel();

std::span<const InstructionSet> instruction_sets() { return sets; }

}  // namespace kelvin::kernels
