#include "loaders/tensors/weight_index.h"

#include <algorithm>

#include "loaders/files/load_error.h"

namespace kelvin {
namespace {

std::string shard_name(JsonValue value) {
  const std::string_view name = value.as_string();
  // Whatever the index says, nothing outside the model folder is opened.
  const bool plain =
      name.find_first_of(std::string_view("/\\\0", 3)) == name.npos && name.substr(0, 1) != ".";
  if (!plain || !name.ends_with(".safetensors"))
    value.fail("the name of a .safetensors file in the same folder expected, " + in_quotes(name) + " found");
  return std::string(name);
}

}  // namespace

WeightIndex weight_index(const JsonDocument& document) {
  const JsonValue map = document.root().at("weight_map");
  WeightIndex index;
  for (const auto& [tensor, shard] : map.members()) index.shards.push_back(shard_name(shard));
  if (index.shards.empty()) map.fail("the tensors of a model expected, none found");
  std::sort(index.shards.begin(), index.shards.end());
  index.shards.erase(std::unique(index.shards.begin(), index.shards.end()), index.shards.end());
  for (const auto& [tensor, shard] : map.members()) {
    const auto at = std::lower_bound(index.shards.begin(), index.shards.end(), shard.as_string());
    index.entries.push_back({std::string(tensor), static_cast<std::size_t>(at - index.shards.begin())});
  }
  return index;
}

}  // namespace kelvin
