// Which table runs: the best one the processor has, or the one KELVIN_ISA names.
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "engine/kernels/cpu_features.h"
#include "engine/kernels/kernels.h"

namespace kelvin {
namespace {

struct Candidate {
  const char* name;
  const Kernels* table;  // nullptr where this build has none
  bool (*runs_here)(const CpuFeatures&);
};

constexpr bool always(const CpuFeatures&) { return true; }

// Best first.
#if defined(__x86_64__)
constexpr Candidate candidates[] = {
    {"amx", &amx_kernels, [](const CpuFeatures& cpu) { return cpu.amx_int8; }},
    {"avx512_vnni", &avx512_vnni_kernels, [](const CpuFeatures& cpu) { return cpu.avx512_vnni; }},
    {"avx512", &avx512_kernels, [](const CpuFeatures& cpu) { return cpu.avx512; }},
    {"avx_vnni", &avx_vnni_kernels, [](const CpuFeatures& cpu) { return cpu.avx_vnni; }},
    {"avx2", &avx2_kernels, [](const CpuFeatures& cpu) { return cpu.avx2; }},
    {"scalar", &scalar_kernels, always},
};
#else
constexpr Candidate candidates[] = {
    {"amx", nullptr, always},      {"avx512_vnni", nullptr, always}, {"avx512", nullptr, always},
    {"avx_vnni", nullptr, always}, {"avx2", nullptr, always},        {"scalar", &scalar_kernels, always},
};
#endif

struct Supported {
  std::array<const Kernels*, std::size(candidates)> tables{};
  std::size_t count = 0;

  Supported() {
    for (const Candidate& candidate : candidates)
      if (candidate.table && candidate.runs_here(cpu_features())) tables[count++] = candidate.table;
  }
};

}  // namespace

std::span<const Kernels* const> supported_kernels() {
  static const Supported supported;
  return {supported.tables.data(), supported.count};
}

const Kernels& kernels_named(const char* name) {
  const std::string wanted = name;
  for (const Kernels* table : supported_kernels())
    if (wanted == table->name) return *table;

  std::string here;
  for (const Kernels* table : supported_kernels())
    here += std::string(here.empty() ? "" : ", ") + table->name;
  for (const Candidate& candidate : candidates) {
    if (wanted != candidate.name) continue;
    const char* reason = candidate.table ? "this processor does not have it" : "this build does not have it";
    throw std::invalid_argument("KELVIN_ISA=" + wanted + ": " + reason + "; here run: " + here);
  }
  throw std::invalid_argument(
      "KELVIN_ISA=" + wanted +
      ": unknown; expected scalar, avx2, avx_vnni, avx512, avx512_vnni or amx; here run: " + here);
}

const Kernels& best_kernels() {
  const char* forced = std::getenv("KELVIN_ISA");
  return forced && *forced ? kernels_named(forced) : *supported_kernels().front();
}

}  // namespace kelvin
