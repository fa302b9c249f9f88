#include "tools/options/kept_as.h"

#include <set>

#include "engine/weights/weights.h"

namespace kelvin {

std::string kept_as(const Weights& weights) {
  int all = 0, others = 0;
  std::set<Storage> of_others;
  for (const LayerWeights& layer : weights.layers)
    for (const Linear* linear : linears_of(layer)) {
      if (linear == &layer.router || linear == &layer.shared_gate) continue;
      ++all;
      if (is_of_files(linear->weight.storage)) continue;
      ++others;
      of_others.insert(linear->weight.storage);
    }
  if (others == all) return weights.kind().name();
  if (others == 0) return "it is";
  std::string names;
  for (const Storage storage : of_others) names.append(names.empty() ? "" : ", ").append(name_of(storage));
  return "it is but for " + std::to_string(others) + " of " + std::to_string(all) + " matrices (" + names +
         ")";
}

}  // namespace kelvin
