// y = W x + b cut into blocks of rows that threads take one by one. A block's weights stay in L2 while
// all tokens pass, so memory is read once per call whatever the number of tokens.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/forward/rows.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "engine/weights/weights.h"

namespace kelvin::engine {

// What a matrix is multiplied with: `rows`, or where the matrix is packed `codes`, made of them.
struct MatmulInput {
  Rows rows;                              // (tokens, cols)
  kernels::QuantizedActivations codes{};  // (tokens, cols)
};

struct RowBlock {
  int first = 0;
  int rows = 0;
};

// Rows of a matrix in blocks for `threads` threads: multiples of four rows (packed: of a panel), small enough
// for sharing out evenly, alone or with other matrices as wide, and for L2. Where many tokens
// pass a packed matrix, what matters there is how often their activations are read: blocks are then as large
// as one pass takes.
class RowBlocks {
 public:
  RowBlocks(const Matrix& matrix, int threads, int tokens)
      : RowBlocks(matrix, matrix.rows, threads, tokens) {}
  RowBlocks(const Matrix& matrix, int rows_together, int threads, int tokens);
  int count() const { return (rows_ + step_ - 1) / step_; }
  RowBlock operator[](int block) const;

 private:
  int rows_, step_;
};

// Of two matrices that are multiplied with one input in the same blocks: one that is packed, if either is. Both can be
// multiplied with what is made ready for it, in its blocks.
inline const Matrix& decisive(const Matrix& a, const Matrix& b) { return is_packed(a.storage) ? a : b; }

// Rows `block` of y = W x + bias for all tokens: y[token][row].
void multiply(const Kernels& kernels, const Linear& linear, RowBlock block, const MatmulInput& x, int tokens,
              Rows y,                     // (tokens, rows)
              float* scratch = nullptr);  // (matmul_scratch(tokens),), 64-byte aligned; packed matrices only

}  // namespace kelvin::engine
