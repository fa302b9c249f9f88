// How a matrix is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kelvin {

// f32 and bf16 are exact, row-major and multiplied in float32. The others are packed and multiplied in
// integers; kernels/packed_formats.h has a row for q8 and q4, and kernels/sub_blocks.h one for each of those behind
// them, in this order. These hold the numbers of quantised files as they are, and nothing else is packed to them.
enum class Storage : std::uint8_t {
  f32,
  bf16,
  q8,
  q4,
  q1_0,
  tq,
  q2_k,
  iq1,
  iq2,
  q3_k,
  iq3_xxs,
  iq3_s,
  iq4_xs,
  q4_0,
  iq4_nl,
  mxfp4,
  q4_k,
  q4_1,
  nvfp4,
  q5_0,
  q5_k,
  q5_1,
  q6_k,
  q8_0,
  int4,
  int4_zero,
  int8,
  int8_zero
};
constexpr Storage storages[] = {Storage::f32, Storage::bf16, Storage::q8,
                                Storage::q4};  // that one can ask for
constexpr Storage first_packed = Storage::q8, first_of_files = Storage::q1_0,
                  last_storage = Storage::int8_zero;

constexpr bool is_packed(Storage storage) { return storage >= first_packed; }
constexpr bool is_of_files(Storage storage) { return storage >= first_of_files; }
// Of the exact ones.
constexpr std::size_t bytes_per_element(Storage storage) { return storage == Storage::f32 ? 4 : 2; }

const char* name_of(Storage storage);
std::optional<Storage> storage_named(std::string_view name);

// Bytes of a whole matrix.
std::size_t matrix_bytes(Storage storage, int rows, int cols);

}  // namespace kelvin
