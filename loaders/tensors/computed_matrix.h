// A matrix whose numbers do not lie in a file as they are but follow from several tensors: codes and scales, or
// a matrix and what an adapter adds to it.
#pragma once

#include <cstddef>

#include "engine/weights/storage.h"

namespace kelvin {

class ComputedMatrix {
 public:
  virtual ~ComputedMatrix() = default;
  // Rows [first, first + count) as float32, row-major, to `to`. Any number of threads may ask at once; consecutive
  // rows cost least together.
  virtual void read_rows(std::size_t first, std::size_t count, float* to) const = 0;
  // Bytes of the files behind one row, for showing how far a conversion has come.
  virtual std::size_t row_bytes() const = 0;

  // What holds the numbers exactly in the fewest bytes: f32, bf16, or a packed layout, which pack_panel writes then.
  virtual Storage own_storage() const { return Storage::f32; }
  // Rows [first, first + count), at most 16, to `panel` of packed_panel_bytes(own_storage(), cols) bytes. Any number of
  // threads may ask at once.
  virtual void pack_panel(std::size_t, std::size_t, std::byte*) const {}

  // Gives the memory of the files back that reading took; reading again fetches it.
  virtual void release() const {}
};

}  // namespace kelvin
