// The safetensors format: 8 bytes of header length (little-endian), a JSON header, then the tensors' bytes
// without gaps. https://github.com/huggingface/safetensors#format
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "loaders/tensors/stored_tensor.h"

namespace kelvin {

// Checks the whole header against the file's length and returns views into `file`, in the order of the
// header. `name` is the path for errors. Throws LoadError.
std::vector<StoredTensor> parse_safetensors(std::span<const std::byte> file, const std::string& name);

}  // namespace kelvin
