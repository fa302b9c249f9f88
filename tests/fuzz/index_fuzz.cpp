// Any bytes as model.safetensors.index.json: a LoadError, or names of files inside the folder.
#include <cstdlib>

#include "loaders/files/load_error.h"
#include "loaders/tensors/weight_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto index = kelvin::weight_index(kelvin::parse_json(std::as_bytes(std::span(data, size)), "fuzz"));
    for (const std::string& shard : index.shards)
      if (shard.find('/') != shard.npos || shard.find('\0') != shard.npos || shard.starts_with('.'))
        std::abort();
    for (const auto& entry : index.entries)
      if (entry.shard >= index.shards.size()) std::abort();
  } catch (const kelvin::LoadError&) {
  }
  return 0;
}
