// What GGUF files call the architectures of Hugging Face folders, their tensors and their settings.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "loaders/gguf/gguf_keys.h"
#include "loaders/json/json_writer.h"

namespace kelvin {

// A module below "blk.<i>." and below "model.layers.<i>."; tensors add .weight or .bias to both. Or a whole
// name, where the two end differently.
struct GgufModule {
  std::string_view gguf, hf;
};

struct GgufFamily {
  std::string_view name;                  // general.architecture
  bool (*is_this)(const GgufKeys& keys);  // of the rows of one name, the first this is true for
  std::string_view architecture;          // in config.json
  bool paired_rows;     // rows of q and k stand in the order of pairs 2i, 2i+1; HF: i, i + d/2
  bool norms_plus_one;  // norm weights are stored with the 1 that HF adds while computing
  void (*settings)(const GgufKeys& keys, JsonWriter& config);  // what is not common to all
  std::span<const GgufModule> modules;                         // looked at before the common ones
  bool latent = false;                                         // keys and values come out of short vectors
};

// The row of the file's architecture. Throws LoadError that lists the known ones, or that names the key by
// which the file is no model.
const GgufFamily& gguf_family(const GgufKeys& keys);

// Tensor names, either way; empty where there is no counterpart. Experts stand in one tensor here and in one
// each there, so theirs are "...experts.{}.<name>" with {} for the number.
std::string hf_tensor_name(const GgufFamily& family, std::string_view gguf_name);
std::string gguf_tensor_name(const GgufFamily& family, std::string_view hf_name);

}  // namespace kelvin
