// A flat hash table of numbers: what a number stands for, and hence what is equal, the owner knows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kelvin::tokenizer {

class HashSlots {
 public:
  static constexpr std::int32_t none = -1;

  HashSlots() = default;
  // Room for `entries` numbers; a third of the slots stays free.
  explicit HashSlots(std::size_t entries) : slots_(entries + entries / 2 + 1) {}

  bool has_room_for(std::size_t entries) const { return entries + entries / 2 < slots_.size(); }

  // The number put there with this hash for which same(number) holds, or `none`.
  template <class Same>
  std::int32_t find(std::uint64_t hash, Same same) const {
    return slots_.empty() ? none : slots_[at(hash, same)].number;
  }

  // Puts `number` there unless there is one for which same(number) holds. The number that is now there; the
  // owner has made room.
  template <class Same>
  std::int32_t& put(std::uint64_t hash, std::int32_t number, Same same) {
    Slot& slot = slots_[at(hash, same)];
    if (slot.number == none) slot = {number, tag_of(hash)};
    return slot.number;
  }

  // Brings the place of a hash into the cache: for many look-ups, hash first, look up later.
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[first(hash)]); }

 private:
  struct Slot {
    std::int32_t number = none;
    std::uint32_t tag = 0;  // decides nearly always, so that same() is asked once
  };
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  std::size_t first(std::uint64_t hash) const {
    return static_cast<std::size_t>(static_cast<std::uint32_t>(hash) * std::uint64_t{slots_.size()} >> 32);
  }
  template <class Same>
  std::size_t at(std::uint64_t hash, Same same) const {
    const std::uint32_t tag = tag_of(hash);
    std::size_t slot = first(hash);
    while (slots_[slot].number != none && !(slots_[slot].tag == tag && same(slots_[slot].number)))
      slot = slot + 1 == slots_.size() ? 0 : slot + 1;
    return slot;
  }

  std::vector<Slot> slots_;
};

// Calls put(i, *hash(i)) for i in [0, count), but where hash(i) is nothing; the places of some at a time are
// on their way into the cache before the first is needed.
template <class Hash, class Put>
void fill_slots(const HashSlots& slots, std::int32_t count, Hash hash, Put put) {
  std::array<std::optional<std::uint64_t>, 32> ahead;
  for (std::int32_t begin = 0; begin < count; begin += static_cast<std::int32_t>(ahead.size())) {
    std::size_t n = 0;
    for (; n < ahead.size() && n < static_cast<std::size_t>(count - begin); ++n)
      if ((ahead[n] = hash(begin + static_cast<std::int32_t>(n)))) slots.prefetch(*ahead[n]);
    for (std::size_t i = 0; i < n; ++i)
      if (ahead[i]) put(begin + static_cast<std::int32_t>(i), *ahead[i]);
  }
}

}  // namespace kelvin::tokenizer
