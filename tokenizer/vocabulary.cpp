#include "tokenizer/vocabulary.h"

#include <stdexcept>

#include "tokenizer/hash.h"

namespace kelvin {

void TokenTable::reserve(std::size_t tokens, std::size_t bytes) {
  pool_.reserve(bytes);
  spans_.reserve(tokens);
  std::size_t slots = 16;
  while (slots * 2 < tokens * 3) slots *= 2;
  if (slots > slots_.size()) rehash(slots);
}

// The slot that holds `token`, or the free one where it belongs.
std::size_t TokenTable::slot_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  std::size_t slot = hash & mask;
  for (; slots_[slot].id >= 0; slot = (slot + 1) & mask)
    if (slots_[slot].tag == tag && text_of(slots_[slot].span) == text) break;
  return slot;
}

void TokenTable::rehash(std::size_t slots) {
  slots_.assign(slots, {});
  for (int id = 0; id < limit(); ++id) {
    if (!has(id)) continue;
    const std::uint64_t hash = hash_bytes(token(id));
    slots_[slot_of(token(id), hash)] = {id, static_cast<std::uint32_t>(hash >> 32),
                                        spans_[static_cast<std::size_t>(id)]};
  }
}

void TokenTable::add(std::string_view text, int id) {
  if (id < 0 || id >= id_limit)
    throw std::invalid_argument("id " + std::to_string(id) + " is outside 0.." +
                                std::to_string(id_limit - 1));
  if (has(id)) throw std::invalid_argument("id " + std::to_string(id) + " stands twice");
  if ((size_ + 1) * 3 > slots_.size() * 2) rehash(slots_.empty() ? 16 : slots_.size() * 2);
  const std::uint64_t hash = hash_bytes(text);
  Slot& slot = slots_[slot_of(text, hash)];
  if (slot.id >= 0) throw std::invalid_argument("the same token stands twice");
  const Span span{static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(text.size())};
  slot = {id, static_cast<std::uint32_t>(hash >> 32), span};
  if (id >= limit()) spans_.resize(static_cast<std::size_t>(id) + 1);
  spans_[static_cast<std::size_t>(id)] = span;
  pool_ += text;
  ++size_;
}

int TokenTable::find(std::string_view text) const { return find(text, hash_bytes(text)); }

int TokenTable::find(std::string_view text, std::uint64_t hash) const {
  return slots_.empty() ? -1 : slots_[slot_of(text, hash)].id;
}

std::string_view TokenTable::token(int id) const {
  if (!has(id)) return {};
  return text_of(spans_[static_cast<std::size_t>(id)]);
}

}  // namespace kelvin
