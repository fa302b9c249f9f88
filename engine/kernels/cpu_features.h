// What the processor and the operating system let us use.
#pragma once

namespace kelvin {

struct CpuFeatures {
  bool avx2 = false;         // AVX2, FMA and F16C, with the system saving ymm registers
  bool avx512 = false;       // AVX-512 F, BW, VL and DQ, with the system saving zmm and mask registers
  bool avx_vnni = false;     // with avx2: VNNI in its 256-bit form
  bool avx512_vnni = false;  // with avx512
  bool amx_int8 = false;     // with avx512_vnni: tiles of bytes, and the system lets this process use them
};

// Asked from the processor once (CPUID and XGETBV); all false on other architectures.
const CpuFeatures& cpu_features();

}  // namespace kelvin
