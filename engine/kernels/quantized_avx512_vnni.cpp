// AVX-512 with VNNI: four products of bytes and their sum in one instruction.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/int_lanes_512.h"
#include "engine/kernels/quantized.h"
#include "engine/kernels/vnni_512.h"

namespace kelvin {
namespace {

constexpr int bytes_from = 2, unpack_from = 25;

}  // namespace
}  // namespace kelvin

#include "engine/kernels/pack_weights.h"
#include "engine/kernels/quantize_activations.h"
#include "engine/kernels/quantized_tiles.h"

namespace kelvin {
const QuantizedKernels avx512_vnni_quantized = {"avx512_vnni", matmul_q8, matmul_q4,     quantize_activations,
                                                pack_q8,       pack_q4,   multiply_burst};
}  // namespace kelvin
#endif
