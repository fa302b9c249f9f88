// The inside of a JsonDocument: nodes in the order of the text, and the ranges that walk over them. Included
// by json.h.
#pragma once

#include <iterator>
#include <vector>

#include "loaders/json.h"

namespace kelvin {

// An object is followed by its members, each a string node (the key) and the value; an array by its items.
struct JsonNode {
  JsonType type;
  // Numbers: which member of `number` holds. Strings: `escaped` if the characters lie in the arena.
  enum class Form : std::uint8_t { plain, escaped, int64, uint64, real, minus_zero } form = Form::plain;
  std::uint32_t offset;  // in the text, of the first byte
  union {
    bool boolean;
    std::int64_t int64;
    std::uint64_t uint64;
    double real;
    struct {
      std::uint32_t begin, length;
    } string;
    struct {
      std::uint32_t size, end;  // items or members; the index of the node after the last one inside
    } container;
  };
};
static_assert(sizeof(JsonNode) == 16);

class JsonTape {
 public:
  std::string name;
  std::string owned_text;
  std::shared_ptr<const void> owner;
  std::string_view text;
  std::vector<JsonNode> nodes;
  std::string arena;  // unescaped strings
  // Objects with many members are looked up here: entries hash << 32 | index of the key's node, sorted.
  struct Lookup {
    std::uint32_t object;
    std::size_t begin, end;  // in `hashes`
  };
  std::vector<Lookup> lookups;  // by object, ascending
  std::vector<std::uint64_t> hashes;

  std::string_view string(const JsonNode& node) const {
    const std::string_view from = node.form == JsonNode::Form::escaped ? std::string_view(arena) : text;
    return from.substr(node.string.begin, node.string.length);
  }
  // The node after the value at `index` and all it contains.
  std::uint32_t after(std::uint32_t index) const {
    const JsonNode& node = nodes[index];
    return node.type >= JsonType::array ? node.container.end : index + 1;
  }
};

// Members from which on an object gets a lookup table.
inline constexpr std::uint32_t json_lookup_from = 12;

std::uint32_t json_hash(std::string_view key);

class JsonItems {
 public:
  class iterator {
   public:
    using value_type = JsonValue;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    iterator() = default;
    iterator(const JsonTape* tape, std::uint32_t index) : tape_(tape), index_(index) {}
    JsonValue operator*() const { return {*tape_, index_}; }
    iterator& operator++() {
      index_ = tape_->after(index_);
      return *this;
    }
    iterator operator++(int) {
      const iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const iterator&) const = default;

   private:
    const JsonTape* tape_ = nullptr;
    std::uint32_t index_ = 0;
  };
  explicit JsonItems(JsonValue array) : array_(array) {}
  iterator begin() const { return {array_.tape_, array_.index_ + 1}; }
  iterator end() const { return {array_.tape_, array_.tape_->after(array_.index_)}; }
  std::size_t size() const { return array_.size(); }

 private:
  JsonValue array_;
};

class JsonMembers {
 public:
  class iterator {
   public:
    using value_type = JsonMember;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    iterator() = default;
    iterator(const JsonTape* tape, std::uint32_t index) : tape_(tape), index_(index) {}
    JsonMember operator*() const {
      return {tape_->string(tape_->nodes[index_]), JsonValue(*tape_, index_ + 1)};
    }
    iterator& operator++() {
      index_ = tape_->after(index_ + 1);
      return *this;
    }
    iterator operator++(int) {
      const iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const iterator&) const = default;

   private:
    const JsonTape* tape_ = nullptr;
    std::uint32_t index_ = 0;  // of the key
  };
  explicit JsonMembers(JsonValue object) : object_(object) {}
  iterator begin() const { return {object_.tape_, object_.index_ + 1}; }
  iterator end() const { return {object_.tape_, object_.tape_->after(object_.index_)}; }
  std::size_t size() const { return object_.size(); }

 private:
  JsonValue object_;
};

}  // namespace kelvin
