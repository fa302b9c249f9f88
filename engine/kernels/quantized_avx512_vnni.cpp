// AVX-512 with VNNI: four products of bytes and their sum in one instruction.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "engine/kernels/int_lanes_512.h"
#include "engine/kernels/quantized.h"
#include "engine/kernels/vnni_512.h"

namespace kelvin::kernels {
namespace {

constexpr int int4_to_int8_from = 2, unpack_from = 25;

}  // namespace
}  // namespace kelvin::kernels

#include "engine/kernels/integer_kernels.h"

namespace kelvin::kernels {
void avx512_vnni_integers(QuantizedKernels& table) { install_integers(table); }
}  // namespace kelvin::kernels
#endif
