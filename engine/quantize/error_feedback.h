// What the rounding error of a weight asks of those after it in its row, so that the products change least:
// LDLQ (Chee et al. 2023, arXiv 2307.13304), equal to GPTQ (Frantar et al. 2022, arXiv 2210.17323).
#pragma once

#include <cstddef>
#include <span>

#include "engine/weights/aligned_buffer.h"

namespace kelvin {

struct Kernels;

namespace engine {

// H + damping = U D U^T with U unit upper triangular, H the second moments of a matrix's inputs. Before
// column k is rounded to q, w[k] becomes w[k] + sum over j < k of (w[j] - q[j]) U[j][k].
class ErrorFeedback {
 public:
  // `damping` of the mean of the diagonal is added to the diagonal; where rounding leaves a pivot too small,
  // ten times as much and so on. Moments that are zero, negative, NaN or infinite: U is the identity. The
  // same bits for every table and number of threads. Throws std::bad_alloc.
  ErrorFeedback(std::span<const float> moments,  // (n, n), of which the upper half is read
                int n, float damping, const Kernels& kernels, int threads);

  int size() const { return n_; }

  // Columns come in blocks of block_width, the last one shorter: block b is `width` columns from `first` =
  // block_width b on. Rows of both lie without gaps.
  std::span<const float> from_earlier(int block) const;  // (width, first): [k - first][j] = U[j][k]
  std::span<const float> within(int block) const;  // (width, width): [k - first][j - first] = U[j][k] for
                                                   // j < k, else 0

 private:
  class Factorisation;

  std::size_t offset(int block) const;  // of from_earlier, in floats; `within` follows it
  int width(int block) const;
  int blocks() const;

  int n_;
  AlignedBuffer factor_;
};

}  // namespace engine
}  // namespace kelvin
