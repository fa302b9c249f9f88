// DeepSeek V2 and V3 in GGUF: the sizes of their latent attention, and their experts.
#pragma once

#include "loaders/gguf/gguf_keys.h"
#include "loaders/json/json_writer.h"

namespace kelvin::gguf {

// Whether experts are scored by a sigmoid, as those of V3 are; of V2 by a softmax. Throws LoadError if the
// file says another way.
bool sigmoid_experts(const GgufKeys& keys);

struct LatentWidths {
  std::int64_t key, rotated;  // of a head's keys, and the part at their end that rotates
};

// The ranks and widths of the attention. Throws LoadError.
LatentWidths write_latent_sizes(const GgufKeys& keys, JsonWriter& config);

void deepseek2_settings(const GgufKeys& keys, JsonWriter& config);
void deepseek3_settings(const GgufKeys& keys, JsonWriter& config);

}  // namespace kelvin::gguf
