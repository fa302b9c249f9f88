// A tensor as a file holds it: name, format of its numbers, shape and bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

enum class Storage : std::uint8_t;  // engine/weights/storage.h
class ComputedMatrix;               // computed_matrix.h

// The formats of safetensors, and behind them GGUF's blocks of quantised numbers.
enum class Dtype : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  iq4_xs,
  mxfp4,
  nvfp4,
  q1_0,
  tq1_0,
  tq2_0,
  iq1_s,
  iq1_m,
  iq2_xxs,
  iq2_xs,
  iq2_s,
  iq3_xxs,
  iq3_s
};

struct DtypeInfo {
  Dtype dtype;
  std::string_view name;  // as its format has it: "BF16", "Q4_K"
  unsigned bits;          // of one block
  unsigned elements;      // of one block; 1 where numbers stand alone
};

const DtypeInfo& dtype_info(Dtype dtype);
const DtypeInfo* dtype_named(std::string_view name);  // nullptr if there is none
inline std::string_view dtype_name(Dtype dtype) { return dtype_info(dtype).name; }

// Bytes of `elements` numbers: whole blocks, of a format whose numbers begin at whole bytes.
inline std::size_t stored_bytes(Dtype dtype, std::size_t elements) {
  const DtypeInfo& info = dtype_info(dtype);
  return elements / info.elements * (info.bits / 8);
}

// A matrix packed by kelvin-quantize: its rows in parts, each packed on its own.
struct PackedParts {
  Storage storage;
  std::vector<int> rows;  // of each part
};

struct StoredTensor {
  std::string name;
  Dtype dtype;
  std::vector<std::uint64_t> shape;        // rank 0: a single number
  std::span<const std::byte> data;         // row-major, little-endian, at any alignment
  std::optional<PackedParts> packed = {};  // then `shape` is that of the matrix, and `data` as packed.h says
  // Where this is set, a matrix of F32 whose numbers come from there; `data` is empty.
  std::shared_ptr<const ComputedMatrix> computed = {};
  // Where this is not 0, a matrix whose rows lie in `data` in another order: of each head of so many, which are
  // even, rows i and i + half stand side by side there, as 2 i and 2 i + 1 (GGUF, for rotary embeddings).
  std::uint64_t paired_rows = 0;

  std::uint64_t elements() const;
};

// Rows [first, first + count) of a matrix as the file holds them, in the matrix's order, to `to`; of one whose rows
// are whole blocks of its format.
void copy_rows(const StoredTensor& matrix, std::uint64_t first, std::uint64_t count, std::byte* to);

// "8192 x 2048", "2048", or "a single number".
std::string shape_text(std::span<const std::uint64_t> shape);

}  // namespace kelvin
