// What GGUF files call the architectures of Hugging Face folders, their tensors and their settings.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loaders/gguf/gguf_file.h"
#include "loaders/json/json_writer.h"

namespace kelvin {

// The keys of an architecture, "llama.attention.head_count" by "attention.head_count", and what tensors there
// are.
class GgufKeys {
 public:
  // All parts of a model, the first of which holds the metadata. They must outlive this.
  explicit GgufKeys(std::vector<const GgufFile*> parts);

  const GgufFile& file() const { return *parts_.front(); }
  std::string_view architecture() const { return architecture_; }
  std::optional<GgufValue> find(std::string_view key) const;
  GgufValue at(std::string_view key) const;  // throws LoadError if absent
  // An integer from `low` on, or an array that holds one number for all layers: per-layer sizes are refused.
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low = 1) const;
  std::vector<std::string_view> tensor_names() const;
  const StoredTensor* tensor(std::string_view name) const;  // nullptr if there is none of this name

 private:
  std::vector<const GgufFile*> parts_;
  std::string architecture_;
};

// A module below "blk.<i>." and below "model.layers.<i>."; tensors add .weight or .bias to both.
struct GgufModule {
  std::string_view gguf, hf;
};

struct GgufFamily {
  std::string_view name;          // general.architecture
  bool experts;                   // of two rows of one name, the one for files with expert_count
  std::string_view architecture;  // in config.json
  bool paired_rows;               // rows of q and k stand in the order of pairs 2i, 2i+1; HF: i, i + d/2
  bool norms_plus_one;            // norm weights are stored with the 1 that HF adds while computing
  void (*settings)(const GgufKeys& keys, JsonWriter& config);  // what is not common to all
  std::span<const GgufModule> modules;                         // looked at before the common ones
};

// The row of the file's architecture. Throws LoadError that lists the known ones.
const GgufFamily& gguf_family(const GgufKeys& keys);

// Tensor names, either way; empty where there is no counterpart. Experts stand in one tensor here and in one
// each there, so theirs are "...experts.{}.<name>" with {} for the number.
std::string hf_tensor_name(const GgufFamily& family, std::string_view gguf_name);
std::string gguf_tensor_name(const GgufFamily& family, std::string_view hf_name);

}  // namespace kelvin
