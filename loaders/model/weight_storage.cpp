#include "loaders/model/weight_storage.h"

#include <algorithm>

#include "loaders/files/load_error.h"
#include "loaders/tensors/convert.h"

namespace kelvin {
namespace {

Storage as_stored(const WeightPlan& plan) {
  const bool all_bf16 = std::all_of(
      plan.matrices.begin(), plan.matrices.end(),
      [](const WeightPlan::MatrixPlace& place) { return place.tensor->stored.dtype == Dtype::bf16; });
  return all_bf16 ? Storage::bf16 : Storage::f32;
}

// Of a matrix of a folder that is packed.
Storage stored_as(const StoredTensor& stored) {
  if (stored.packed) return stored.packed->storage;
  return exact_storage(stored.dtype);
}

}  // namespace

WeightStorage::WeightStorage(const WeightPlan& plan, const Weights& weights, std::optional<WeightKind> wanted)
    : plan_(plan),
      weights_(weights),
      as_stored_(as_stored(plan)),
      kind_(wanted.value_or(WeightKind(as_stored_))) {
  for (const WeightPlan::MatrixPlace& place : plan.matrices)
    packed_already_ |= place.tensor->stored.packed.has_value();
  if (!packed_already_ || !wanted) return;
  for (const WeightPlan::MatrixPlace& place : plan.matrices) {
    const StoredTensor& stored = place.tensor->stored;
    if (place.exact || asked_for(place) == stored_as(stored)) continue;
    throw LoadError(path_text(place.tensor->file->path()),
                    "tensor " + in_quotes(stored.name) + ": weights asked for as " + kind_.name() +
                        ", packed as " + name_of(stored_as(stored)) +
                        " found; a packed folder is used as it is, the original one as any kind");
  }
}

Storage WeightStorage::asked_for(const WeightPlan::MatrixPlace& place) const {
  // Routers are small and decide: a token whose expert changes is another token.
  if (place.exact) return is_packed(kind_.layers) ? as_stored_ : kind_.layers;
  if (place.to == &weights_.embedding && !plan_.tied) return kind_.embedding;
  return place.to == &weights_.embedding || place.to == &weights_.lm_head ? kind_.head : kind_.layers;
}

Storage WeightStorage::of(const WeightPlan::MatrixPlace& place) const {
  return packed_already_ ? stored_as(place.tensor->stored) : asked_for(place);
}

}  // namespace kelvin
