#include <array>

#include "engine/kernels/cpu_features.h"
#include "engine/kernels/quantized.h"

namespace kelvin {
namespace {

struct Supported {
  std::array<const QuantizedKernels*, 6> tables{};
  std::size_t count = 0;

  Supported() {
#if defined(__x86_64__)
    const CpuFeatures& cpu = cpu_features();
    if (cpu.amx_int8) tables[count++] = &amx_quantized;
    if (cpu.avx512_vnni) tables[count++] = &avx512_vnni_quantized;
    if (cpu.avx512) tables[count++] = &avx512_quantized;
    if (cpu.avx_vnni) tables[count++] = &avx_vnni_quantized;
    if (cpu.avx2) tables[count++] = &avx2_quantized;
#endif
    tables[count++] = &scalar_quantized;
  }
};

}  // namespace

std::span<const QuantizedKernels* const> supported_quantized() {
  static const Supported supported;
  return {supported.tables.data(), supported.count};
}

}  // namespace kelvin
