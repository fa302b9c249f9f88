#include "engine/weights/storage.h"

#include <vector>

#include "engine/kernels/quantized.h"
#include "engine/weights/packed.h"

namespace kelvin {
namespace {

// Kinds whose layers and head differ.
constexpr struct {
  WeightKind kind;
  const char* name;
} mixed_kinds[] = {{{Storage::q4, Storage::q8}, "q4h"}};

std::string described_kind(const WeightKind& kind) {
  std::string text = kind.name();
  if (!is_packed(kind.layers)) return text;
  text += " (" + std::to_string(code_bits(format_of(kind.layers))) + " bits";
  if (kind.head != kind.layers) text += ", the head in " + std::to_string(code_bits(format_of(kind.head)));
  return text + ")";
}

}  // namespace

const char* name_of(Storage storage) {
  switch (storage) {
    case Storage::f32:
      return "f32";
    case Storage::bf16:
      return "bf16";
    default:
      return format_of(storage).name;
  }
}

std::optional<Storage> storage_named(std::string_view name) {
  for (const Storage storage : storages)
    if (name == name_of(storage)) return storage;
  return std::nullopt;
}

const char* WeightKind::name() const {
  for (const auto& mixed : mixed_kinds)
    if (layers == mixed.kind.layers && head == mixed.kind.head) return mixed.name;
  return name_of(layers);
}

std::optional<WeightKind> weight_kind_named(std::string_view name) {
  for (const WeightKind& kind : weight_kinds)
    if (name == kind.name()) return kind;
  return std::nullopt;
}

std::string weight_kinds_text(bool packed, bool described) {
  std::vector<std::string> kinds;
  for (const WeightKind& kind : weight_kinds)
    if (!packed || is_packed(kind.layers)) kinds.push_back(described ? described_kind(kind) : kind.name());
  std::string text = kinds.front();
  for (std::size_t i = 1; i < kinds.size(); ++i) text += (i + 1 < kinds.size() ? ", " : " or ") + kinds[i];
  return text;
}

std::size_t matrix_bytes(Storage storage, int rows, int cols) {
  if (is_packed(storage)) return packed_bytes(storage, rows, cols);
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * bytes_per_element(storage);
}

}  // namespace kelvin
