// The inside of a JsonDocument: nodes in the order of the text, and the ranges that walk over them. Included
// by json.h.
#pragma once

#include <iterator>
#include <type_traits>
#include <vector>

#include "loaders/json/json.h"

namespace kelvin {

// An object is followed by its members, each a string node (the key) and the value; an array by its items.
struct JsonNode {
  JsonType type;
  // Numbers: which member of the union holds. Strings: `escaped` if the characters lie in the arena.
  // Containers: `streamed` if their items are not kept (JsonStream).
  enum class Form : std::uint8_t {
    plain,
    escaped,
    int64,
    uint64,
    real,
    minus_zero,
    streamed
  } form = Form::plain;
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
      std::uint32_t size, end;  // items or members; the index of the node after the last one inside, 0 while
                                // that is not known yet
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
    if (node.type < JsonType::array) return index + 1;
    return node.container.end ? node.container.end : static_cast<std::uint32_t>(nodes.size());
  }
};

// Members from which on an object gets a lookup table.
inline constexpr std::uint32_t json_lookup_from = 12;

std::uint32_t json_hash(std::string_view key);

// Walks over an array's items (Element = JsonValue) or an object's members (Element = JsonMember).
template <typename Element>
class JsonRange {
 public:
  class iterator {
   public:
    using value_type = Element;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    iterator() = default;
    iterator(const JsonTape* tape, std::uint32_t index) : tape_(tape), index_(index) {}
    Element operator*() const {
      if constexpr (has_key) {
        return {tape_->string(tape_->nodes[index_]), JsonValue(*tape_, index_ + 1)};
      } else {
        return {*tape_, index_};
      }
    }
    iterator& operator++() {
      index_ = tape_->after(has_key ? index_ + 1 : index_);
      return *this;
    }
    iterator operator++(int) {
      const iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const iterator&) const = default;

   private:
    static constexpr bool has_key = std::is_same_v<Element, JsonMember>;
    const JsonTape* tape_ = nullptr;
    std::uint32_t index_ = 0;  // of the item, or of the member's key
  };
  explicit JsonRange(JsonValue container) : container_(container) {}
  iterator begin() const { return {container_.tape_, container_.index_ + 1}; }
  iterator end() const { return {container_.tape_, container_.tape_->after(container_.index_)}; }
  std::size_t size() const { return container_.size(); }

 private:
  JsonValue container_;
};

}  // namespace kelvin
