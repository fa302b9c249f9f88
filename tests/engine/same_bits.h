// Hashes of the logits of the demo model's 300-token text, computed in every way that must not matter.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/forward/model.h"
#include "engine/kernels/kernels.h"
#include "engine/weights/weights.h"

namespace kelvin::test {

// The demo model of the repository.
std::unique_ptr<Model> demo_model(const WeightKind& weights, const Kernels& kernels, int threads,
                                  KvStorage kv = KvStorage::f32);

// What tests/data/logits_hashes.txt holds for the demo model with these weights and this KV cache, empty if
// nothing.
std::string expected_hash(const WeightKind& weights, KvStorage kv = KvStorage::f32);

// The supported tables that differ where weights are kept so: some differ in their integer products only.
std::vector<const Kernels*> tables_for(const WeightKind& weights);

struct Way {
  int chunk = 0;                 // 0: all tokens at once
  std::vector<int> pieces = {};  // lengths fed in one call each; what remains comes in a last one
  int company = 0;               // sequences of other lengths and texts beside it
};

// SHA-256 of all logits, (positions, vocabulary), of the demo model's text or another.
std::string hash_of_logits(Model& model, const Way& way);
std::string hash_of_logits(Model& model, const std::vector<int>& ids, const Way& way);

}  // namespace kelvin::test
