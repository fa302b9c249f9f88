// Tokens by id and ids by token: one text pool and one flat hash table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/models/hash_slots.h"

namespace kelvin {

class TokenTable {
 public:
  // Ids run below this, so that a hostile file cannot ask for a huge table.
  static constexpr int id_limit = 1 << 23;

  // Makes room for `tokens` tokens of `bytes` bytes in total.
  void reserve(std::size_t tokens, std::size_t bytes);

  // Throws TokenizerError if the id is out of range, or token or id is there already.
  void add(std::string_view token, int id);

  // From here on a token may stand several times: find() gives the lowest of its ids.
  void allow_copies() { copies_allowed_ = true; }

  // The same for many tokens: find() knows them from index() on, which is what throws if a token is there
  // twice.
  void append(std::string_view token, int id);
  void index() { index(size_); }

  int find(std::string_view token) const;                      // the id, or -1
  int find(std::string_view token, std::uint64_t hash) const;  // `hash`: hash_bytes(token)
  void prefetch(std::uint64_t hash) const { slots_.prefetch(hash); }
  bool has(int id) const {
    return id >= 0 && id < limit() && spans_[static_cast<std::size_t>(id)].length != absent;
  }
  std::string_view token(int id) const {  // empty if absent
    if (!has(id)) return {};
    const Span span = spans_[static_cast<std::size_t>(id)];
    return {pool_.data() + span.begin, span.length};
  }
  int limit() const { return static_cast<int>(spans_.size()); }  // 1 + the largest id
  std::size_t size() const { return size_; }

 private:
  static constexpr std::uint32_t absent = 0xFFFFFFFF;
  struct Span {
    std::uint32_t begin = 0, length = absent;
  };
  void index(std::size_t room);
  void put(int id, std::uint64_t hash);

  std::string pool_;
  std::vector<Span> spans_;  // by id
  tokenizer::HashSlots slots_;
  std::size_t size_ = 0;
  bool copies_allowed_ = false;
};

}  // namespace kelvin
