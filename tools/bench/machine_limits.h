// What this machine can do at most, measured: the yardsticks for decode (bandwidth) and prefill
// (multiply-adds).
#pragma once

#include <optional>

namespace kelvin {

struct Kernels;

struct MachineLimits {
  double read_gb_s;   // 10^9 bytes per second read from memory by all threads together
  double fma_gflops;  // 10^9 multiplications and additions per second, two per fused operation, with the
                      // table's registers
  double int8_gops;   // 10^9 multiplications and additions of bytes per second, as the table does them
  // Likewise with each instruction set that has one for it, where this processor does.
  std::optional<double> vnni_gops, amx_gops;
};

// Best of several repetitions, about a second in all. Takes 512 MiB of memory for its time. Throws
// std::bad_alloc.
MachineLimits measure_machine(const Kernels& kernels, int threads);

// MachineLimits::int8_gops alone.
double int8_gops(const Kernels& kernels, int threads);

}  // namespace kelvin
