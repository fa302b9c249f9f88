// model.safetensors.index.json: which file of the folder holds which tensor.
#pragma once

#include <string>
#include <vector>

#include "loaders/json/json.h"

namespace kelvin {

struct WeightIndex {
  struct Entry {
    std::string tensor;
    std::size_t shard;  // index into `shards`
  };
  std::vector<std::string> shards;  // file names inside the model folder, ascending
  std::vector<Entry> entries;       // in the order of the file
};

// Throws LoadError for anything but names of .safetensors files inside the folder itself.
WeightIndex weight_index(const JsonDocument& index);

}  // namespace kelvin
