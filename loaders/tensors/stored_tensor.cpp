#include "loaders/tensors/stored_tensor.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace kelvin {
namespace {

// In the order of Dtype.
constexpr DtypeInfo dtypes[] = {
    {Dtype::boolean, "BOOL", 8, 1},
    {Dtype::f4, "F4", 4, 1},
    {Dtype::f6_e2m3, "F6_E2M3", 6, 1},
    {Dtype::f6_e3m2, "F6_E3M2", 6, 1},
    {Dtype::u8, "U8", 8, 1},
    {Dtype::i8, "I8", 8, 1},
    {Dtype::f8_e5m2, "F8_E5M2", 8, 1},
    {Dtype::f8_e4m3, "F8_E4M3", 8, 1},
    {Dtype::f8_e8m0, "F8_E8M0", 8, 1},
    {Dtype::f8_e4m3fnuz, "F8_E4M3FNUZ", 8, 1},
    {Dtype::f8_e5m2fnuz, "F8_E5M2FNUZ", 8, 1},
    {Dtype::i16, "I16", 16, 1},
    {Dtype::u16, "U16", 16, 1},
    {Dtype::f16, "F16", 16, 1},
    {Dtype::bf16, "BF16", 16, 1},
    {Dtype::i32, "I32", 32, 1},
    {Dtype::u32, "U32", 32, 1},
    {Dtype::f32, "F32", 32, 1},
    {Dtype::c64, "C64", 64, 1},
    {Dtype::f64, "F64", 64, 1},
    {Dtype::i64, "I64", 64, 1},
    {Dtype::u64, "U64", 64, 1},
    {Dtype::q4_0, "Q4_0", 18 * 8, 32},
    {Dtype::q4_1, "Q4_1", 20 * 8, 32},
    {Dtype::q5_0, "Q5_0", 22 * 8, 32},
    {Dtype::q5_1, "Q5_1", 24 * 8, 32},
    {Dtype::q8_0, "Q8_0", 34 * 8, 32},
    {Dtype::q2_k, "Q2_K", 84 * 8, 256},
    {Dtype::q3_k, "Q3_K", 110 * 8, 256},
    {Dtype::q4_k, "Q4_K", 144 * 8, 256},
    {Dtype::q5_k, "Q5_K", 176 * 8, 256},
    {Dtype::q6_k, "Q6_K", 210 * 8, 256},
    {Dtype::iq4_nl, "IQ4_NL", 18 * 8, 32},
    {Dtype::iq4_xs, "IQ4_XS", 136 * 8, 256},
    {Dtype::mxfp4, "MXFP4", 17 * 8, 32},
    {Dtype::nvfp4, "NVFP4", 36 * 8, 64},
    {Dtype::q1_0, "Q1_0", 18 * 8, 128},
    {Dtype::tq1_0, "TQ1_0", 54 * 8, 256},
    {Dtype::tq2_0, "TQ2_0", 66 * 8, 256},
    {Dtype::iq1_s, "IQ1_S", 50 * 8, 256},
    {Dtype::iq1_m, "IQ1_M", 56 * 8, 256},
    {Dtype::iq2_xxs, "IQ2_XXS", 66 * 8, 256},
    {Dtype::iq2_xs, "IQ2_XS", 74 * 8, 256},
    {Dtype::iq2_s, "IQ2_S", 82 * 8, 256},
    {Dtype::iq3_xxs, "IQ3_XXS", 98 * 8, 256},
    {Dtype::iq3_s, "IQ3_S", 110 * 8, 256},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(dtypes); ++i)
    if (static_cast<std::size_t>(dtypes[i].dtype) != i) return false;
  return true;
}
static_assert(in_order());

}  // namespace

const DtypeInfo& dtype_info(Dtype dtype) { return dtypes[static_cast<std::size_t>(dtype)]; }

const DtypeInfo* dtype_named(std::string_view name) {
  const auto row = std::find_if(std::begin(dtypes), std::end(dtypes),
                                [&](const DtypeInfo& info) { return info.name == name; });
  return row == std::end(dtypes) ? nullptr : row;
}

std::uint64_t StoredTensor::elements() const {
  std::uint64_t product = 1;
  for (const std::uint64_t size : shape) product *= size;
  return product;
}

void copy_rows(const StoredTensor& matrix, std::uint64_t first, std::uint64_t count, std::byte* to) {
  const std::size_t bytes = stored_bytes(matrix.dtype, matrix.shape.back());
  const std::uint64_t head = matrix.paired_rows;
  for (std::uint64_t row = first; row < first + count; ++row, to += bytes) {
    const std::uint64_t in_head = head ? row % head : 0, half = head / 2;
    const std::uint64_t there =
        head ? row - in_head + (in_head < half ? 2 * in_head : 2 * (in_head - half) + 1) : row;
    std::memcpy(to, matrix.data.data() + there * bytes, bytes);
  }
}

std::string shape_text(std::span<const std::uint64_t> shape) {
  if (shape.empty()) return "a single number";
  std::string text;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i == 8) return text + " x ... (" + std::to_string(shape.size()) + " dimensions)";
    text.append(i ? " x " : "").append(std::to_string(shape[i]));
  }
  return text;
}

}  // namespace kelvin
