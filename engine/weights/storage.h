// How a matrix is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kelvin {

// f32 and bf16 are exact, row-major and multiplied in float32. The others are packed and multiplied in
// integers; kernels/packed_formats.h has a row for each, in this order.
enum class Storage : std::uint8_t { f32, bf16, q8, q4 };
constexpr Storage storages[] = {Storage::f32, Storage::bf16, Storage::q8, Storage::q4};
constexpr Storage first_packed = Storage::q8;

constexpr bool is_packed(Storage storage) { return storage >= first_packed; }
// Of the exact ones.
constexpr std::size_t bytes_per_element(Storage storage) { return storage == Storage::f32 ? 4 : 2; }

const char* name_of(Storage storage);
std::optional<Storage> storage_named(std::string_view name);

// Bytes of a whole matrix.
std::size_t matrix_bytes(Storage storage, int rows, int cols);

}  // namespace kelvin
