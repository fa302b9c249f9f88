// The tokens of a byte-level vocabulary by the bytes they stand for, beside the vocabulary's own text.
#pragma once

#include <cstdint>
#include <string_view>

#include "tokenizer/models/hash_slots.h"
#include "tokenizer/models/vocabulary.h"

namespace kelvin::tokenizer {

class ByteVocabulary {
 public:
  // `vocabulary` must outlive the index. Tokens with characters that stand for no byte are left out.
  explicit ByteVocabulary(const TokenTable& vocabulary);

  int find(std::string_view bytes, std::uint64_t hash) const;  // the id, or -1; `hash`: hash_bytes(bytes)

 private:
  const TokenTable* vocabulary_;
  HashSlots slots_;
};

}  // namespace kelvin::tokenizer
