#include "tools/options/kept_as.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "engine/weights/weights.h"

namespace kelvin {
namespace {

std::vector<Storage> storages_of_layers(const Weights& weights) {
  std::vector<Storage> found;
  for (const LayerWeights& layer : weights.layers)
    for (const Linear* linear : linears_of(layer))
      if (linear != &layer.router && linear != &layer.shared_gate) found.push_back(linear->weight.storage);
  return found;
}

}  // namespace

std::string kept_as(const Weights& weights) {
  const std::vector<Storage> all = storages_of_layers(weights);
  const bool of_files = std::ranges::any_of(all, is_of_files);
  const WeightKind kind = weights.kind();
  const auto is_other = [&](Storage storage) {
    return of_files ? !is_of_files(storage) : storage != kind.layers;
  };
  const std::string text = of_files ? "it is" : kind.name();
  const auto others = std::ranges::count_if(all, is_other);
  if (others == 0) return text;
  std::set<Storage> names;
  std::ranges::copy_if(all, std::inserter(names, names.end()), is_other);
  std::string of_others;
  for (const Storage storage : names)
    of_others.append(of_others.empty() ? "" : ", ").append(name_of(storage));
  return text + " but for " + std::to_string(others) + " of " + std::to_string(all.size()) + " matrices (" +
         of_others + ")";
}

}  // namespace kelvin
