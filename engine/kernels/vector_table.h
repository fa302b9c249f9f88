// The table of what vector_kernels.h and vector_attention.h define; included behind them.
#pragma once

namespace kelvin {
namespace {

constexpr Kernels table_named(const char* name, const QuantizedKernels* quantized) {
  return {name,           matmul<float>,   matmul<std::uint16_t>,
          attend<float>,  attend<Float16>, attend<std::int8_t>,
          rms_norm,       layer_norm,      gate<silu>,
          gate<gelu_erf>, gate<gelu_tanh>, exp_all,
          soft_cap,       fma_burst,       read_burst,
          quantized};
}

}  // namespace
}  // namespace kelvin
