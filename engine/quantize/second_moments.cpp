#include "engine/quantize/second_moments.h"

#include <algorithm>
#include <functional>

#include "engine/kernels/kernels.h"
#include "engine/quantize/tile_products.h"

namespace kelvin::engine {
namespace {

constexpr int piece_tokens = 256;
constexpr std::size_t tile_floats = std::size_t{tile_width} * tile_width;

// Columns `first` to `first + columns` of x become rows.
void transpose(Rows x, int token, int tokens, int first, int columns, float* to) {
  constexpr int square = 16;
  for (int t = 0; t < tokens; t += square)
    for (int c = 0; c < columns; c += square)
      for (int i = c; i < std::min(c + square, columns); ++i)
        for (int j = t; j < std::min(t + square, tokens); ++j)
          to[static_cast<std::size_t>(first + i) * static_cast<std::size_t>(tokens) + j] =
              x[token + j][first + i];
}

}  // namespace

std::vector<SharedInput> shared_inputs(const Weights& weights) {
  std::vector<SharedInput> inputs;
  const auto add = [&](std::initializer_list<const Linear*> linears) {
    SharedInput present;
    for (const Linear* linear : linears)
      if (linear->weight.data) present.push_back(&linear->weight);
    if (!present.empty()) inputs.push_back(std::move(present));
  };
  const auto add_mlp = [&](const Mlp& mlp) {
    add({&mlp.gate, &mlp.up});
    add({&mlp.down});
  };
  for (const LayerWeights& w : weights.layers) {
    if (w.q_down.weight.data) {
      add({&w.kv_down, &w.q_down});
      add({&w.q});
    } else {
      add({&w.q, &w.k, &w.v, &w.kv_down});
    }
    add({&w.kv_up});
    add({&w.o});
    add({&w.router, &w.shared_gate});
    add_mlp(w.mlp);
    for (const Mlp& expert : w.experts) add_mlp(expert);
  }
  inputs.push_back(SharedInput(1, &weights.lm_head));
  return inputs;
}

std::size_t SecondMoments::bytes_for(int cols) {
  return static_cast<std::size_t>(tiles_of(cols)) * tile_floats * sizeof(float);
}

SecondMoments::SecondMoments(std::span<const SharedInput> inputs) {
  int widest = 0;
  for (const SharedInput& input : inputs) {
    const int cols = input.front()->cols;
    widest = std::max(widest, cols);
    for (const Matrix* matrix : input) places_.push_back({matrix->data, inputs_.size()});
    inputs_.push_back({cols, 0, AlignedBuffer(bytes_for(cols))});
  }
  std::ranges::sort(places_, std::less<>(), &Place::data);
  transposed_ = AlignedBuffer(static_cast<std::size_t>(widest) * piece_tokens * sizeof(float));
}

const SecondMoments::Input* SecondMoments::find(const Matrix& matrix) const {
  const auto place = std::ranges::lower_bound(places_, matrix.data, std::less<>(), &Place::data);
  return place == places_.end() || place->data != matrix.data ? nullptr : &inputs_[place->input];
}

std::int64_t SecondMoments::tokens(const Matrix& matrix) const { return find(matrix)->tokens; }

AlignedBuffer SecondMoments::sum(const Matrix& matrix) const {
  const Input& input = *find(matrix);
  const std::size_t n = static_cast<std::size_t>(input.cols);
  AlignedBuffer dense(n * n * sizeof(float));
  for (int index = 0; index < tiles_of(input.cols); ++index) {
    const float* const tile = input.tiles.floats() + static_cast<std::size_t>(index) * tile_floats;
    const std::size_t row = static_cast<std::size_t>(tile_at(index).row) * tile_width,
                      col = static_cast<std::size_t>(tile_at(index).col) * tile_width,
                      rows = std::min<std::size_t>(tile_width, n - row),
                      cols = std::min<std::size_t>(tile_width, n - col);
    for (std::size_t i = 0; i < rows; ++i)
      std::copy_n(tile + i * tile_width, cols, dense.floats() + (row + i) * n + col);
    for (std::size_t j = 0; j < cols; ++j)
      for (std::size_t i = 0; i < rows; ++i)
        dense.floats()[(col + j) * n + row + i] = tile[i * tile_width + j];
  }
  return dense;
}

void SecondMoments::observe(ThreadTeam& team, const Kernels& kernels, Rows x, int tokens,
                            const Matrix& matrix) {
  const Input* const found = find(matrix);
  if (!found) return;
  Input& input = inputs_[static_cast<std::size_t>(found - inputs_.data())];
  for (int token = 0; token < tokens; token += piece_tokens) {
    const int n = std::min(piece_tokens, tokens - token);
    const auto width_at = [&](int tile) { return std::min(tile_width, input.cols - tile * tile_width); };
    const auto rows_at = [&](int tile) {
      return transposed_.floats() + static_cast<std::size_t>(tile * tile_width) * static_cast<std::size_t>(n);
    };
    team.parallel_for(tiles_across(input.cols), [&](int tile) {
      transpose(x, token, n, tile * tile_width, width_at(tile), transposed_.floats());
    });
    team.parallel_for(tiles_of(input.cols), [&](int index) {
      const TileIndex tile = tile_at(index);
      const RowProducts rows{rows_at(tile.row), static_cast<std::size_t>(n), width_at(tile.row),
                             rows_at(tile.col), width_at(tile.col),          n};
      add_products(kernels, rows, 1.0f, input.tiles.floats() + static_cast<std::size_t>(index) * tile_floats,
                   tile_width);
    });
  }
  input.tokens += tokens;
}

}  // namespace kelvin::engine
