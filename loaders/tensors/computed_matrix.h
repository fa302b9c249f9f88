// A matrix whose numbers do not lie in a file as they are but follow from several tensors: codes and scales, or
// a matrix and what an adapter adds to it.
#pragma once

#include <cstddef>

namespace kelvin {

class ComputedMatrix {
 public:
  virtual ~ComputedMatrix() = default;
  // Rows [first, first + count) as float32, row-major, to `to`. Any number of threads may ask at once; consecutive
  // rows cost least together.
  virtual void read_rows(std::size_t first, std::size_t count, float* to) const = 0;
  // Bytes of the files behind one row, for showing how far a conversion has come.
  virtual std::size_t row_bytes() const = 0;
};

}  // namespace kelvin
