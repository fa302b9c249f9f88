#include "engine/weights/storage.h"

#include "engine/weights/packed.h"

namespace kelvin {

const char* name_of(Storage storage) {
  switch (storage) {
    case Storage::f32:
      return "f32";
    case Storage::bf16:
      return "bf16";
    case Storage::q8:
      return "q8";
    case Storage::q4:
      return "q4";
  }
  return "";
}

std::optional<Storage> storage_named(std::string_view name) {
  for (const Storage storage : storages)
    if (name == name_of(storage)) return storage;
  return std::nullopt;
}

const char* WeightKind::name() const {
  return layers == Storage::q4 && head == Storage::q8 ? "q4h" : name_of(layers);
}

std::optional<WeightKind> weight_kind_named(std::string_view name) {
  for (const WeightKind& kind : weight_kinds)
    if (name == kind.name()) return kind;
  return std::nullopt;
}

std::size_t matrix_bytes(Storage storage, int rows, int cols) {
  if (is_packed(storage)) return packed_bytes(storage, rows, cols);
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * bytes_per_element(storage);
}

}  // namespace kelvin
