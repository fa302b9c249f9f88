// How a matrix is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kelvin {

// f32 and bf16 are exact, row-major and multiplied in float32; q8 and q4 are packed as kernels/quantized.h
// describes and multiplied in integers.
enum class Storage : std::uint8_t { f32, bf16, q8, q4 };
constexpr Storage storages[] = {Storage::f32, Storage::bf16, Storage::q8, Storage::q4};

constexpr bool is_packed(Storage storage) { return storage == Storage::q8 || storage == Storage::q4; }
// Of the exact ones.
constexpr std::size_t bytes_per_element(Storage storage) { return storage == Storage::f32 ? 4 : 2; }

const char* name_of(Storage storage);
std::optional<Storage> storage_named(std::string_view name);

// How the matrices of a model are stored together: what --weights names.
struct WeightKind {
  Storage layers;
  Storage head;       // and the embedding, where they are one
  Storage embedding;  // of its own: only looked up, row by row, so that wide rows cost no bandwidth

  // Named as the storage of its layers.
  constexpr WeightKind(Storage storage)
      : layers(storage), head(storage), embedding(storage == Storage::q8 ? Storage::bf16 : storage) {}
  constexpr WeightKind(Storage of_layers, Storage of_head) : WeightKind(of_layers) { head = of_head; }

  const char* name() const;
};
constexpr WeightKind weight_kinds[] = {Storage::f32,
                                       Storage::bf16,
                                       Storage::q8,
                                       {Storage::q4, Storage::q8},  // q4h
                                       Storage::q4};
std::optional<WeightKind> weight_kind_named(std::string_view name);

// Bytes of a whole matrix.
std::size_t matrix_bytes(Storage storage, int rows, int cols);

}  // namespace kelvin
