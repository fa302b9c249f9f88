// Multimodal models whose text part is a decoder of a known family.
#pragma once

#include <optional>
#include <string_view>

#include "loaders/json/json.h"
#include "loaders/model/hf_family.h"

namespace kelvin {

struct TextPart {
  const Family& family;
  JsonValue config;          // of the decoder
  std::optional<bool> tied;  // what the whole model's config or class says of head and embedding
};

// The text part of `config`, the root object, whose first architecture is `architecture`; nothing if it is no such
// model. Throws LoadError where it is one and the family of its text part is not known.
std::optional<TextPart> text_part(JsonValue config, std::string_view architecture);

// Before "embed_tokens", "layers" and "norm" in the names of tensors, and the name of the head: every way folders have
// them. The first is that of models of text alone.
struct TextPrefix {
  std::string_view decoder, head;
};
std::span<const TextPrefix> text_prefixes();

// Whether a tensor belongs to what sees or hears.
bool is_of_another_part(std::string_view tensor_name);

}  // namespace kelvin
