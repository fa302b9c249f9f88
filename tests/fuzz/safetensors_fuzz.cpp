// Any bytes as a safetensors file: a LoadError, or tensors that lie inside the file and hold what their shape
// says.
#include <cstdlib>

#include "loaders/files/load_error.h"
#include "loaders/tensors/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  try {
    std::size_t total = 0;
    for (const kelvin::StoredTensor& tensor : kelvin::parse_safetensors(file, "fuzz")) {
      const std::byte* const begin = tensor.data.data();
      if (begin < file.data() || begin + tensor.data.size() > file.data() + file.size()) std::abort();
      if (tensor.elements() > 2 * tensor.data.size()) std::abort();  // no dtype has less than 4 bits
      total += tensor.data.size();
    }
    if (total + 8 > size) std::abort();
  } catch (const kelvin::LoadError&) {
  }
  return 0;
}
