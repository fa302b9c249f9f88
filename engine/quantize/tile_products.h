// Symmetric matrices cut into square tiles, and sums of products added to a tile: what second moments and
// their factorisation spend their time on.
#pragma once

#include <cstddef>

#include "engine/kernels/kernels.h"

namespace kelvin::engine {

constexpr int tile_width = 96;  // a multiple of the rows and of the tokens matmul kernels take at once

// A tile on or above the diagonal: row <= col, in tiles.
struct TileIndex {
  int row, col;
};

constexpr int tiles_across(int n) { return (n + tile_width - 1) / tile_width; }
// Of an (n, n) matrix, those on and above the diagonal.
constexpr int tiles_of(int n) { return tiles_across(n) * (tiles_across(n) + 1) / 2; }
// The index-th of them, column by column: those of a smaller n come first.
TileIndex tile_at(int index);

// Rows of numbers to be multiplied with each other; those of `b` lie without gaps.
struct RowProducts {
  const float* a;  // (a_rows, length)
  std::size_t a_stride;
  int a_rows;      // at most tile_width
  const float* b;  // (b_rows, length)
  int b_rows;      // at most tile_width
  int length;
};

// to[i][j] += factor * sum over k of a[i][k] b[j][k], the sum in the order of matmul_f32.
void add_products(const Kernels& kernels, const RowProducts& rows, float factor,
                  float* to,               // (a_rows, b_rows)
                  std::size_t to_stride);  // floats from row to row

}  // namespace kelvin::engine
