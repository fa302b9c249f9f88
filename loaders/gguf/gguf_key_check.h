// What a GGUF file says of its model and nobody has asked for: harmless, or refused by name.
#pragma once

#include "loaders/gguf/gguf_keys.h"

namespace kelvin {

// To be called when all settings have been read. Keys that change nothing may stand, those that would change
// the mathematics only with the value that changes nothing, and no other. Throws LoadError that names the key.
void check_gguf_keys(const GgufKeys& keys, std::int64_t head_dim);

}  // namespace kelvin
