// As what each matrix of a plan is kept: as the user asks, or as it lies in the files.
#pragma once

#include <optional>
#include <string>

#include "engine/weights/weights.h"
#include "loaders/model/tensor_mapping.h"

namespace kelvin {

class WeightStorage {
 public:
  // `plan` and the weights it points into must outlive this. Throws LoadError where a matrix is packed
  // already and `wanted` is another kind.
  WeightStorage(const WeightPlan& plan, const Weights& weights, std::optional<WeightKind> wanted);

  Storage of(const WeightPlan::MatrixPlace& place) const;
  bool packed_already() const { return packed_already_; }  // in the files, if only one matrix
  std::string name() const;                                // "q4", "in the file"

 private:
  // Without a wish: the layout of a quantised matrix's own numbers, else as_stored_.
  Storage as_it_is(const WeightPlan::MatrixPlace& place) const;
  Storage asked_for(const WeightPlan::MatrixPlace& place) const;

  const WeightPlan& plan_;
  const Weights& weights_;
  Storage as_stored_;  // bf16 if all matrices that are neither quantised nor computed are, else f32
  std::optional<WeightKind> wanted_;
  bool packed_already_ = false;
};

}  // namespace kelvin
