// What the products of packed weights reach: every format on one thread, from cache, beside the limit of the
// multiplications alone.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace kelvin {

struct Kernels;

constexpr int kernel_bench_tokens[] = {1, 2, 8, 256};  // at once

struct KernelSpeed {
  std::string format;               // of the weights
  double bits;                      // a weight
  std::vector<double> giga_macs_s;  // 10^9 multiply-adds a second, for each of kernel_bench_tokens
  double read_gb_s;                 // 10^9 bytes of weights a second with one token
};

struct KernelBench {
  std::string isa;
  double limit_giga_macs_s;  // of multiply-adds of bytes, as the table does them
  std::vector<KernelSpeed> formats;
};

// Best of `repeat` products of a (rows, 2048) matrix each, rows a multiple of 16. Calls progress(done, total).
KernelBench run_kernel_bench(const Kernels& kernels, int rows, int repeat,
                             const std::function<void(int, int)>& progress);

std::string kernel_bench_text(const KernelBench& bench);  // a table
std::string kernel_bench_json(const KernelBench& bench);  // one object, without its end of line

}  // namespace kelvin
