// All float kernels for a table. Included after the registers and operations that vector_kernels.h names.
#pragma once

#include <cstdint>

// clang-format off
#include "engine/kernels/vector_kernels.h"
#include "engine/kernels/vector_attention.h"
// clang-format on

namespace kelvin::kernels {
namespace {

void install_floats(Kernels& table) {
  table.matmul_f32 = matmul<float>;
  table.matmul_bf16 = matmul<std::uint16_t>;
  table.attend_f32 = attend<float>;
  table.attend_f16 = attend<Float16>;
  table.attend_q8 = attend<std::int8_t>;
  table.rms_norm = rms_norm;
  table.layer_norm = layer_norm;
  table.silu_multiply = gate<silu>;
  table.gelu_erf_multiply = gate<gelu_erf>;
  table.gelu_tanh_multiply = gate<gelu_tanh>;
  table.exp = exp_all;
  table.soft_cap = soft_cap;
  table.fma_burst = fma_burst;
  table.read_burst = read_burst;
}

}  // namespace
}  // namespace kelvin::kernels
