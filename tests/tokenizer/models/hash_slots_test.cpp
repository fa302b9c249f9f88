#include "tokenizer/models/hash_slots.h"

#include <doctest/doctest.h>

#include <random>
#include <unordered_map>

namespace kelvin::tokenizer {

TEST_CASE("numbers are found by hash and sameness, however many hashes are equal") {
  // The hash of key k is one of a few, or differs in its upper or lower half only.
  const auto hash_of = [](int key) {
    return static_cast<std::uint64_t>(key % 5) << 32 | static_cast<std::uint32_t>((key % 3) * 0x7FFFFFFFu);
  };
  std::mt19937 random(3);
  for (const std::size_t count : {1, 2, 3, 20, 300}) {
    HashSlots slots(count);
    std::unordered_map<int, int> expected;  // key to number
    std::vector<int> keys(count);
    for (std::size_t number = 0; number < count; ++number) {
      const int key = keys[number] = static_cast<int>(random() % count);
      const int there = slots.put(hash_of(key), static_cast<int>(number),
                                  [&](int other) { return keys[static_cast<std::size_t>(other)] == key; });
      CHECK(there == expected.emplace(key, static_cast<int>(number)).first->second);
    }
    for (int key = 0; key < static_cast<int>(count); ++key) {
      const int found =
          slots.find(hash_of(key), [&](int other) { return keys[static_cast<std::size_t>(other)] == key; });
      CHECK(found == (expected.contains(key) ? expected[key] : HashSlots::none));
    }
  }
}

TEST_CASE("room for what was asked for, and nothing in an empty table") {
  for (const std::size_t count : {0, 1, 2, 7, 1000}) {
    CHECK(HashSlots(count).has_room_for(count));
    CHECK_FALSE(HashSlots(count).has_room_for(count + 2));
  }
  CHECK(HashSlots().find(5, [](int) { return true; }) == HashSlots::none);
  CHECK_FALSE(HashSlots().has_room_for(0));
}

TEST_CASE("filling visits each number once, with its hash") {
  for (const int count : {0, 1, 31, 32, 33, 100}) {
    const HashSlots slots(static_cast<std::size_t>(count));
    int next = 0;
    fill_slots(
        slots, count,
        [](int i) { return i % 4 == 1 ? std::nullopt : std::optional(static_cast<std::uint64_t>(i) * 77); },
        [&](int i, std::uint64_t hash) {
          next += next % 4 == 1;
          CHECK(i == next++);
          CHECK(hash == static_cast<std::uint64_t>(i) * 77);
        });
    CHECK(next + (next % 4 == 1 && next < count) == count);
  }
}

}  // namespace kelvin::tokenizer
