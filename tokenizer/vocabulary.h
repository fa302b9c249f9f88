// Tokens by id and ids by token: one text pool and one flat hash table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

class TokenTable {
 public:
  // Ids run below this, so that a hostile file cannot ask for a huge table.
  static constexpr int id_limit = 1 << 23;

  // Makes room for `tokens` tokens of `bytes` bytes in total.
  void reserve(std::size_t tokens, std::size_t bytes);

  // Throws std::invalid_argument if the id is out of range, or token or id is there already.
  void add(std::string_view token, int id);

  int find(std::string_view token) const;                      // the id, or -1
  int find(std::string_view token, std::uint64_t hash) const;  // `hash`: hash_bytes(token)
  // Brings the place of a token into the cache: for many look-ups, hash first, look up later.
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }
  bool has(int id) const {
    return id >= 0 && id < limit() && spans_[static_cast<std::size_t>(id)].length != absent;
  }
  std::string_view token(int id) const;                          // empty if absent
  int limit() const { return static_cast<int>(spans_.size()); }  // 1 + the largest id
  std::size_t size() const { return size_; }

 private:
  static constexpr std::uint32_t absent = 0xFFFFFFFF;
  struct Span {
    std::uint32_t begin = 0, length = absent;
  };
  struct Slot {
    std::int32_t id = -1;
    std::uint32_t tag = 0;  // upper half of the hash
    Span span;
  };
  std::string_view text_of(Span span) const {
    return std::string_view(pool_).substr(span.begin, span.length);
  }
  void rehash(std::size_t slots);
  std::size_t slot_of(std::string_view token, std::uint64_t hash) const;

  std::string pool_;
  std::vector<Span> spans_;  // by id
  std::vector<Slot> slots_;  // a power of two, at most two thirds full
  std::size_t size_ = 0;
};

}  // namespace kelvin
