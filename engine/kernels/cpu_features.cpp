#include "engine/kernels/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
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

CpuFeatures ask() {
  CpuFeatures found;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const bool osxsave = bit(c, 27), fma = bit(c, 12), f16c = bit(c, 29), avx = bit(c, 28);
  if (!osxsave || !avx) return found;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  const bool avx2 = bit(b, 5), f = bit(b, 16), dq = bit(b, 17), bw = bit(b, 30), vl = bit(b, 31);

  constexpr std::uint64_t ymm = 0x6, zmm = 0xe6;  // sse + avx; these + opmask + both halves of zmm
  const std::uint64_t states = saved_states();
  found.avx2 = avx2 && fma && f16c && (states & ymm) == ymm;
  found.avx512 = found.avx2 && f && dq && bw && vl && (states & zmm) == zmm;
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
