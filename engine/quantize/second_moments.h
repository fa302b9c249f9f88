// Second moments of what matrices are multiplied with: sums over tokens of x x^T, gathered while the model
// reads a text. How much an error in a weight matters follows from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/forward/matmul.h"
#include "engine/platform/thread_team.h"
#include "engine/weights/weights.h"

namespace kelvin {

// Matrices that are multiplied with the same input.
using SharedInput = std::vector<const Matrix*>;

// All matrices of a model that are multiplied, hence all but an embedding of its own, in the order in which a
// token passes them. Pointers into `weights`.
std::vector<SharedInput> shared_inputs(const Weights& weights);

class SecondMoments {
 public:
  // Makes room for the moments of these inputs. Throws std::bad_alloc.
  explicit SecondMoments(std::span<const SharedInput> inputs);

  // What the moments of an input of `cols` numbers take.
  static std::size_t bytes_for(int cols);

  bool wanted(const Matrix& matrix) const { return find(matrix) != nullptr; }
  // Tokens seen by a matrix, which must be wanted; with experts each sees its own.
  std::int64_t tokens(const Matrix& matrix) const;
  // The sum over these of x x^T: (cols, cols), both halves.
  AlignedBuffer sum(const Matrix& matrix) const;

  // Adds the input of a matrix; of those that share it, any one stands for all. Nothing happens where it is
  // not wanted. Called by every member of the team, with equal arguments; ends with a barrier. The bits of
  // the sums depend on how the tokens come together, in pieces of at most 256, and on nothing else.
  void add(ThreadTeam::Member& member, const Kernels& kernels,
           Rows x,  // (tokens, cols)
           int tokens, const Matrix& matrix);

 private:
  struct Input {
    int cols;
    std::int64_t tokens = 0;
    AlignedBuffer tiles;  // those on and above the diagonal, (tile_width, tile_width) each
  };
  struct Place {
    const void* data;  // of a matrix
    std::size_t input;
  };

  const Input* find(const Matrix& matrix) const;

  std::vector<Input> inputs_;
  std::vector<Place> places_;  // ascending by data
  AlignedBuffer transposed_;   // a piece of some input, (cols, tokens of the piece)
};

}  // namespace kelvin
