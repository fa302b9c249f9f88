#include "tokenizer/models/vocabulary.h"

#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/models/hash.h"

namespace kelvin {

void TokenTable::reserve(std::size_t tokens, std::size_t bytes) {
  pool_.reserve(bytes);
  spans_.reserve(tokens);
  if (!slots_.has_room_for(tokens)) index(tokens);
}

void TokenTable::append(std::string_view text, int id) {
  if (id < 0 || id >= id_limit)
    throw TokenizerError("id " + std::to_string(id) + " is outside 0.." + std::to_string(id_limit - 1));
  if (has(id)) throw TokenizerError("id " + std::to_string(id) + " stands twice");
  if (id >= limit()) spans_.resize(static_cast<std::size_t>(id) + 1);
  spans_[static_cast<std::size_t>(id)] = {static_cast<std::uint32_t>(pool_.size()),
                                          static_cast<std::uint32_t>(text.size())};
  pool_ += text;
  ++size_;
}

void TokenTable::index(std::size_t room) {
  slots_ = tokenizer::HashSlots(room);
  tokenizer::fill_slots(
      slots_, limit(),
      [&](int id) { return has(id) ? std::optional(tokenizer::hash_bytes(token(id))) : std::nullopt; },
      [&](int id, std::uint64_t hash) { put(id, hash); });
}

void TokenTable::put(int id, std::uint64_t hash) {
  const int there = slots_.put(hash, id, [&](int other) { return token(other) == token(id); });
  if (there != id && !copies_allowed_)
    throw TokenizerError("the same token stands twice, as " + std::to_string(there) + " and as " +
                         std::to_string(id));
}

void TokenTable::add(std::string_view text, int id) {
  if (!slots_.has_room_for(size_ + 1)) index(2 * size_ + 16);
  const std::uint64_t hash = tokenizer::hash_bytes(text);
  if (!copies_allowed_ && find(text, hash) >= 0) throw TokenizerError("the same token stands twice");
  append(text, id);
  put(id, hash);
}

int TokenTable::find(std::string_view text) const { return find(text, tokenizer::hash_bytes(text)); }

int TokenTable::find(std::string_view text, std::uint64_t hash) const {
  return slots_.find(hash, [&](int id) { return token(id) == text; });
}

}  // namespace kelvin
