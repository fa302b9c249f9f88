#include "engine/kernels/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace kelvin {
namespace {

#if defined(__x86_64__)

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

CpuFeatures ask() {
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

#else

CpuFeatures ask() { return {}; }

#endif

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = ask();
  return features;
}

}  // namespace kelvin
