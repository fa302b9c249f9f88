// Second moments of what matrices are multiplied with: sums over tokens of x x^T, summed up while the model
// reads a text. How much an error in a weight matters follows from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/forward/input_observer.h"
#include "engine/platform/thread_team.h"
#include "engine/weights/weights.h"

namespace kelvin::engine {

// Matrices that are multiplied with the same input.
using SharedInput = std::vector<const Matrix*>;

// All matrices of a model that are multiplied, hence all but an embedding of its own, in the order in which a
// token passes them. Pointers into `weights`.
std::vector<SharedInput> shared_inputs(const Weights& weights);

class SecondMoments : public InputObserver {
 public:
  // Makes room for the moments of these inputs. Throws std::bad_alloc.
  explicit SecondMoments(std::span<const SharedInput> inputs);

  // What the moments of an input of `cols` numbers take.
  static std::size_t bytes_for(int cols);

  bool wants(const Matrix& matrix) const override { return find(matrix) != nullptr; }
  // Tokens seen by a matrix, which must be wanted; with experts each sees its own.
  std::int64_t tokens(const Matrix& matrix) const;
  // The sum over these of x x^T: (cols, cols), both halves.
  AlignedBuffer sum(const Matrix& matrix) const;

  // Adds the input of a matrix. The bits of the sums depend on how the tokens come together, in pieces of at
  // most 256, and on nothing else.
  void observe(ThreadTeam& team, const Kernels& kernels, Rows x, int tokens, const Matrix& matrix) override;

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

}  // namespace kelvin::engine
