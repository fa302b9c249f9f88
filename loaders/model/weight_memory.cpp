#include "loaders/model/weight_memory.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/platform/available_memory.h"
#include "engine/weights/weight_kind.h"
#include "loaders/model/weight_storage.h"

namespace kelvin {
namespace {

// Only what takes less than `needed`: a smaller kind, or the numbers as they lie in the files.
std::vector<MemoryChoice> smaller_kinds(const WeightPlan& plan, const Weights& weights, std::size_t needed) {
  std::vector<MemoryChoice> choices;
  const auto offer = [&](const std::string& name, std::optional<WeightKind> kind) {
    const std::size_t bytes = weight_memory(plan, WeightStorage(plan, weights, kind));
    if (bytes < needed) choices.push_back({name, bytes});
  };
  offer("without --weights", std::nullopt);
  for (const WeightKind& kind : weight_kinds()) offer(std::string("--weights ") + kind.name(), kind);
  return choices;
}

}  // namespace

bool used_in_place(const WeightPlan::MatrixPlace& place, Storage storage) {
  return place.tensor->stored.packed || (!is_packed(storage) && place.piece().lies_as(storage));
}

bool used_in_place(const WeightPlan::VectorPlace& place) {
  return place.tensors.size() == 1 && place.plus == 0.0f &&
         whole(*place.tensors.front()).lies_as(Storage::f32);
}

std::size_t room_for(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

std::size_t weight_memory(const WeightPlan& plan, const WeightStorage& storage) {
  std::size_t bytes = 0;
  for (const WeightPlan::MatrixPlace& place : plan.matrices)
    if (const Storage kept = storage.of(place); !used_in_place(place, kept))
      bytes += room_for(matrix_bytes(kept, place.rows, place.cols));
  for (const WeightPlan::VectorPlace& place : plan.vectors) {
    if (used_in_place(place)) continue;
    for (const TensorFiles::Tensor* tensor : place.tensors)
      bytes += room_for(whole(*tensor).count * sizeof(float));
  }
  return bytes;
}

void require_weight_memory(const WeightPlan& plan, const WeightStorage& storage, const Weights& weights) {
  const std::size_t needed = weight_memory(plan, storage);
  require_memory(needed, "weights as " + storage.name(), [&](std::uint64_t) {
    return storage.packed_already() ? std::vector<MemoryChoice>{} : smaller_kinds(plan, weights, needed);
  });
}

}  // namespace kelvin
