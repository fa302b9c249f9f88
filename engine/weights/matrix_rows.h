// Single rows of a matrix as numbers, whatever it is stored as.
#pragma once

#include "engine/weights/weights.h"

namespace kelvin {

void read_row(const Matrix& matrix, int row, float* out);  // (cols,)

}  // namespace kelvin
