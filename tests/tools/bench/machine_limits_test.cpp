#include "tools/bench/machine_limits.h"

#include <doctest/doctest.h>

#include <string_view>

#include "engine/kernels/kernels.h"

using namespace kelvin;

// Figures differ from machine to machine; what holds everywhere is that they are there and of a sane size.
TEST_CASE("limits are measured") {
  const MachineLimits limits = measure_machine(best_kernels(), 2);
  CHECK(limits.read_gb_s > 0.05);
  CHECK(limits.read_gb_s < 1e5);
  CHECK(limits.fma_gflops > 0.05);
  CHECK(limits.fma_gflops < 1e6);
  CHECK(limits.int8_gops > 0.05);
  CHECK(limits.int8_gops < 1e7);
  for (const Kernels* table : supported_kernels()) {
    const std::string_view name = table->name;
    if (name == "amx") CHECK(limits.amx_gops.value_or(0) > 0.05);
    if (name.ends_with("vnni")) CHECK(limits.vnni_gops.value_or(0) > 0.05);
  }
}
