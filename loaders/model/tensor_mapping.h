// Which tensors an architecture has, of which shapes, and where each belongs in Weights: the names of Hugging
// Face checkpoints, checked against the files before anything is converted.
#pragma once

#include <span>
#include <vector>

#include "engine/weights/config.h"
#include "engine/weights/weights.h"
#include "loaders/tensors/tensor_files.h"
#include "loaders/tensors/tensor_piece.h"

namespace kelvin {

struct WeightPlan {
  struct MatrixPlace {
    const TensorFiles::Tensor* tensor;  // (more rows, cols)
    int first_row, rows, cols;
    Matrix* to;
    bool exact = false;  // is not quantised

    TensorPiece piece() const {  // of a tensor that is not packed
      const auto width = static_cast<std::size_t>(cols);
      return {tensor, static_cast<std::size_t>(first_row) * width, static_cast<std::size_t>(rows) * width};
    }
  };
  struct VectorPlace {
    std::vector<const TensorFiles::Tensor*> tensors;  // one after the other
    float plus;                                       // added to every number
    std::span<const float>* to;
  };
  std::vector<MatrixPlace> matrices;
  std::vector<VectorPlace> vectors;
  bool tied = false;  // head and embedding are one tensor; only the embedding stands in `matrices`
};

// Sizes `weights.layers` and points into it. Throws LoadError on missing, surplus (unless ignore_extra) and
// misshapen tensors and on dtypes that cannot be weights.
WeightPlan plan_weights(const TensorFiles& files, const ModelConfig& config, bool ignore_extra,
                        Weights& weights);

}  // namespace kelvin
