#include "engine/weights/storage.h"

#include "engine/kernels/quantized.h"
#include "engine/weights/packed.h"

namespace kelvin {

const char* name_of(Storage storage) {
  if (is_packed(storage)) return format_of(storage).name;
  return storage == Storage::f32 ? "f32" : "bf16";
}

std::optional<Storage> storage_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(last_storage); ++i)
    if (const Storage storage{static_cast<std::uint8_t>(i)}; name == name_of(storage)) return storage;
  return std::nullopt;
}

std::size_t matrix_bytes(Storage storage, int rows, int cols) {
  if (is_packed(storage)) return packed_bytes(storage, rows, cols);
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * bytes_per_element(storage);
}

}  // namespace kelvin
