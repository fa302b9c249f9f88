// Weights as the packing kernels read them.
#pragma once

#include "engine/kernels/quantized.h"
#include "engine/weights/weights.h"

namespace kelvin::engine {

// Of panel `panel` of a float32 or bfloat16 matrix the columns from `first` on, filled up with zeros.
void gather_columns(const Matrix& from, int panel, int first, int columns,
                    float* w);  // (columns, 16): column by column the sixteen rows

}  // namespace kelvin::engine
