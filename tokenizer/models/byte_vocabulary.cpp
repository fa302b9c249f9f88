#include "tokenizer/models/byte_vocabulary.h"

#include <optional>

#include "tokenizer/models/hash.h"
#include "tokenizer/unicode/byte_level.h"

namespace kelvin::tokenizer {

ByteVocabulary::ByteVocabulary(const TokenTable& vocabulary)
    : vocabulary_(&vocabulary), slots_(vocabulary.size()) {
  fill_slots(
      slots_, vocabulary.limit(),
      [&](int id) {
        const auto bytes = vocabulary.has(id) ? unicode::text_to_bytes(vocabulary.token(id)) : std::nullopt;
        return bytes ? std::optional(hash_bytes(*bytes)) : std::nullopt;
      },
      // No two are the same: the map of bytes to characters is one to one.
      [&](int id, std::uint64_t hash) { slots_.put(hash, id, [](int) { return false; }); });
}

int ByteVocabulary::find(std::string_view bytes, std::uint64_t hash) const {
  return slots_.find(hash, [&](int id) { return unicode::stands_for(vocabulary_->token(id), bytes); });
}

}  // namespace kelvin::tokenizer
