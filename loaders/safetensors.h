// The safetensors format: 8 bytes of header length (little-endian), a JSON header, then the tensors' bytes
// without gaps. https://github.com/huggingface/safetensors#format
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

// As the format names them.
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
  u64
};

std::string_view dtype_name(Dtype dtype);  // "BF16"

struct StoredTensor {
  std::string name;
  Dtype dtype;
  std::vector<std::uint64_t> shape;  // rank 0: a single number
  std::span<const std::byte> data;   // row-major, little-endian, at any alignment

  std::uint64_t elements() const;
};

// "8192 x 2048", "2048", or "a single number".
std::string shape_text(std::span<const std::uint64_t> shape);

// Checks the whole header against the file's length and returns views into `file`, in the order of the
// header. `name` is the path for errors. Throws LoadError.
std::vector<StoredTensor> parse_safetensors(std::span<const std::byte> file, const std::string& name);

}  // namespace kelvin
