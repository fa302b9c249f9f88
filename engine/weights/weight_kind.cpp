#include "engine/weights/weight_kind.h"

#include <vector>

#include "engine/kernels/quantized.h"
#include "engine/weights/packed.h"
#include "engine/weights/storage.h"

namespace kelvin {
namespace {

// Kinds whose layers and head differ.
constexpr struct {
  Storage layers, head;
  const char* name;
} mixed_kinds[] = {{Storage::q4, Storage::q8, "q4h"}};

Storage embedding_beside(Storage layers) {
  return is_packed(layers) && format_of(layers).exact_embedding ? Storage::bf16 : layers;
}

std::string described_kind(const WeightKind& kind) {
  std::string text = kind.name();
  if (!is_packed(kind.layers)) return text;
  text += " (" + std::to_string(code_bits(format_of(kind.layers))) + " bits";
  if (kind.head != kind.layers) text += ", the head in " + std::to_string(code_bits(format_of(kind.head)));
  return text + ")";
}

}  // namespace

WeightKind::WeightKind(Storage of_layers, Storage of_head)
    : layers(of_layers), head(of_head), embedding(embedding_beside(of_layers)) {}

const char* WeightKind::name() const {
  for (const auto& mixed : mixed_kinds)
    if (layers == mixed.layers && head == mixed.head) return mixed.name;
  return name_of(layers);
}

std::span<const WeightKind> weight_kinds() {
  static const std::vector<WeightKind> kinds = [] {
    std::vector<WeightKind> all(std::begin(storages), std::end(storages));
    for (const auto& mixed : mixed_kinds) all.push_back({mixed.layers, mixed.head});
    return all;
  }();
  return kinds;
}

std::optional<WeightKind> weight_kind_named(std::string_view name) {
  for (const WeightKind& kind : weight_kinds())
    if (name == kind.name()) return kind;
  return std::nullopt;
}

std::string weight_kinds_text(bool packed, bool described) {
  std::vector<std::string> kinds;
  for (const WeightKind& kind : weight_kinds())
    if (!packed || is_packed(kind.layers)) kinds.push_back(described ? described_kind(kind) : kind.name());
  std::string text = kinds.front();
  for (std::size_t i = 1; i < kinds.size(); ++i) text += (i + 1 < kinds.size() ? ", " : " or ") + kinds[i];
  return text;
}

}  // namespace kelvin
