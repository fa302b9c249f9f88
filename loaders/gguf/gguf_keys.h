// The settings of a model in GGUF's metadata, and which of them nothing has asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "loaders/gguf/gguf_file.h"

namespace kelvin {

// The keys of an architecture, "llama.attention.head_count" by "attention.head_count", and what tensors there
// are.
class GgufKeys {
 public:
  // All parts of a model, the first of which holds the metadata. They must outlive this.
  explicit GgufKeys(std::vector<const GgufFile*> parts);

  const GgufFile& file() const { return *parts_.front(); }
  std::string_view architecture() const { return architecture_; }
  // Whoever finds a key obeys it: it counts as read from then on.
  std::optional<GgufValue> find(std::string_view key) const;
  GgufValue at(std::string_view key) const;  // throws LoadError if absent
  // To tell models apart: does not count.
  std::optional<GgufValue> look(std::string_view key) const;
  // An integer from `low` on, or an array that holds one number for all layers: per-layer sizes are refused.
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low = 1) const;
  // As float: its shortest text is the number the config.json of the original had.
  std::optional<float> number(std::string_view key) const;
  std::vector<GgufValue> unread() const;                      // of this architecture, by key, ascending
  std::string_view short_name(const GgufValue& value) const;  // without the architecture
  std::vector<std::string_view> tensor_names() const;
  const StoredTensor* tensor(std::string_view name) const;  // nullptr if there is none of this name

 private:
  std::string full_name(std::string_view key) const;

  std::vector<const GgufFile*> parts_;
  std::map<std::string_view, const StoredTensor*> tensors_;  // of all parts, by name; the first of equal ones
  std::string architecture_;
  mutable std::set<std::string, std::less<>> read_;
};

}  // namespace kelvin
