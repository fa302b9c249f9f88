// Matrices of activations.
#pragma once

#include <cstddef>

#include "engine/kernels/kernels.h"

namespace kelvin::engine {

// Rows x columns with a stride that is a multiple of 16 floats and no power of two, so that rows do not compete
// for the same cache sets.
struct Rows {
  float* data = nullptr;
  std::size_t stride = 0;  // floats

  float* operator[](int row) const { return data + static_cast<std::size_t>(row) * stride; }
  // From row `first` on.
  Rows from(int first) const { return {(*this)[first], stride}; }
  static constexpr std::size_t stride_for(int columns) {
    return static_cast<std::size_t>(kernels::padded_to_lanes(columns)) + 16;
  }
};

}  // namespace kelvin::engine
