// How a matrix is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
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

// As what an embedding of its own is stored where layers are: it is only looked up, row by row, so that wide
// rows cost no bandwidth.
constexpr Storage embedding_beside(Storage layers) {
  switch (layers) {
    case Storage::q8:
      return Storage::bf16;
    case Storage::f32:
    case Storage::bf16:
    case Storage::q4:
      break;
  }
  return layers;
}

// How the matrices of a model are stored together: what --weights names.
struct WeightKind {
  Storage layers;
  Storage head;       // and the embedding, where they are one
  Storage embedding;  // of its own

  // Named as the storage of its layers.
  constexpr WeightKind(Storage storage) : WeightKind(storage, storage) {}
  constexpr WeightKind(Storage of_layers, Storage of_head)
      : layers(of_layers), head(of_head), embedding(embedding_beside(of_layers)) {}

  const char* name() const;
};
constexpr WeightKind weight_kinds[] = {
    Storage::f32, Storage::bf16, Storage::q8, Storage::q4, {Storage::q4, Storage::q8}};
std::optional<WeightKind> weight_kind_named(std::string_view name);

// For messages: "f32, bf16, q8, q4 or q4h"; `packed`: those alone; `described`: "q8 (8 bits)".
std::string weight_kinds_text(bool packed, bool described);

// Bytes of a whole matrix.
std::size_t matrix_bytes(Storage storage, int rows, int cols);

}  // namespace kelvin
