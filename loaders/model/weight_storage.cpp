#include "loaders/model/weight_storage.h"

#include <algorithm>

#include "loaders/files/load_error.h"
#include "loaders/tensors/computed_matrix.h"
#include "loaders/tensors/convert.h"
#include "loaders/tensors/dequantize.h"
#include "loaders/tensors/repack.h"

namespace kelvin {
namespace {

// Of whatever a packed folder, a quantised file or folder keeps as numbers, and no adapter changes.
Storage as_stored(const WeightPlan& plan) {
  bool any = false, all_bf16 = true;
  for (const WeightPlan::MatrixPlace& place : plan.matrices) {
    const StoredTensor& stored = place.tensor->stored;
    if (stored.packed || stored.computed || is_quantized(stored.dtype)) continue;
    any = true;
    all_bf16 &= stored.dtype == Dtype::bf16;
  }
  return any && all_bf16 ? Storage::bf16 : Storage::f32;
}

// Of a matrix of a folder that is packed.
Storage stored_as(const StoredTensor& stored) {
  if (stored.packed) return stored.packed->storage;
  return exact_storage(stored.dtype);
}

}  // namespace

WeightStorage::WeightStorage(const WeightPlan& plan, const Weights& weights, std::optional<WeightKind> wanted)
    : plan_(plan), weights_(weights), as_stored_(as_stored(plan)), wanted_(wanted) {
  for (const WeightPlan::MatrixPlace& place : plan.matrices)
    packed_already_ |= place.tensor->stored.packed.has_value();
  if (!packed_already_ || !wanted) return;
  for (const WeightPlan::MatrixPlace& place : plan.matrices) {
    const StoredTensor& stored = place.tensor->stored;
    if (place.exact || asked_for(place) == stored_as(stored)) continue;
    throw LoadError(path_text(place.tensor->file->path()),
                    "tensor " + in_quotes(stored.name) + ": weights asked for as " + name() + ", packed as " +
                        name_of(stored_as(stored)) +
                        " found; a packed folder is used as it is, the original one as any kind");
  }
}

std::string WeightStorage::name() const {
  if (packed_already_ && !wanted_) return "packed";
  return wanted_ ? wanted_->name() : "in the file";
}

Storage WeightStorage::as_it_is(const WeightPlan::MatrixPlace& place) const {
  const StoredTensor& stored = place.tensor->stored;
  // Routers are small and decide: a token whose expert changes is another token.
  if (stored.computed) {
    const Storage own = stored.computed->own_storage();
    return place.exact && is_packed(own) ? Storage::f32 : own;
  }
  if (!is_quantized(stored.dtype)) return as_stored_;
  const auto own = place.exact ? std::nullopt : own_storage(stored.dtype);
  const std::size_t cols = static_cast<std::size_t>(place.cols);
  return own && cols % dtype_info(stored.dtype).elements == 0 ? *own : Storage::f32;
}

Storage WeightStorage::asked_for(const WeightPlan::MatrixPlace& place) const {
  const WeightKind& kind = *wanted_;
  if (place.exact) return is_packed(kind.layers) ? as_it_is(place) : kind.layers;
  if (place.to == &weights_.embedding && !plan_.tied) return kind.embedding;
  return place.to == &weights_.embedding || place.to == &weights_.lm_head ? kind.head : kind.layers;
}

Storage WeightStorage::of(const WeightPlan::MatrixPlace& place) const {
  if (packed_already_) return stored_as(place.tensor->stored);
  return wanted_ ? asked_for(place) : as_it_is(place);
}

}  // namespace kelvin
