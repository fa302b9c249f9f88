// The tokens of a GGUF file: what stands under tokenizer.ggml., without what the model does with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "loaders/gguf/gguf_file.h"
#include "loaders/tokenizer/tokenizer_folder.h"

namespace kelvin {

// tokenizer.ggml.token_type
namespace gguf_token {
enum Type : std::int64_t {
  undefined = 0,
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};
}  // namespace gguf_token

// Whether tokens of this type are found in raw text, before all else.
inline bool is_added(std::int64_t type) {
  return type == gguf_token::unknown || type == gguf_token::control || type == gguf_token::user_defined;
}

struct GgufVocabulary {
  GgufValue place;
  std::vector<std::string_view> tokens;  // by id
  std::vector<std::int64_t> types;       // by id
};

// Throws LoadError where the lists do not fit together.
GgufVocabulary read_gguf_vocabulary(const GgufFile& file);

// The token with this key's id, or else, in files that name no special tokens at all, the one with the id that
// is `usual` for SentencePiece, if that is a control token.
std::optional<NamedToken> gguf_named_token(const GgufFile& file, std::string_view key,
                                           const GgufVocabulary& vocabulary,
                                           std::optional<std::size_t> usual = std::nullopt);

}  // namespace kelvin
