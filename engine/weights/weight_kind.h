// How the matrices of a model are stored together: what --weights names.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kelvin {

enum class Storage : std::uint8_t;  // storage.h

struct WeightKind {
  Storage layers;
  Storage head;       // and the embedding, where they are one
  Storage embedding;  // of its own

  WeightKind(Storage storage) : WeightKind(storage, storage) {}  // named as the storage of its layers
  WeightKind(Storage of_layers, Storage of_head);

  const char* name() const;
};

std::span<const WeightKind> weight_kinds();
std::optional<WeightKind> weight_kind_named(std::string_view name);

// For messages: "f32, bf16, q8, q4 or q4h"; `packed`: those alone; `described`: "q8 (8 bits)".
std::string weight_kinds_text(bool packed, bool described);

}  // namespace kelvin
