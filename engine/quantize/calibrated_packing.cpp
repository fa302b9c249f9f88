#include "engine/quantize/calibrated_packing.h"

#include <algorithm>
#include <set>

#include "engine/platform/available_memory.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/error_feedback.h"
#include "engine/quantize/quantize.h"
#include "engine/quantize/second_moments.h"

namespace kelvin {
namespace {

using engine::ErrorFeedback, engine::SecondMoments, engine::SharedInput;

// Tokens read in one call, and so kept in memory with their keys and values.
constexpr std::size_t tokens_together = 4096;

// What is not packed whatever the kind: few weights, on which much depends.
bool stays_exact(const Weights& weights, const Matrix* matrix) {
  return std::ranges::any_of(weights.layers, [&](const LayerWeights& layer) {
    return matrix == &layer.router.weight || matrix == &layer.shared_gate.weight;
  });
}

class CalibratedPacking {
 public:
  CalibratedPacking(Model& model, const WeightKind& kind, std::span<const std::vector<int>> texts,
                    const CalibrationOptions& options)
      : model_(model), kind_(kind), texts_(texts), options_(options), places_(matrices_of(model.weights())) {
    for (const SharedInput& input : engine::shared_inputs(model.weights()))
      if (!stays_exact(model.weights(), input.front())) inputs_.push_back(input);
    for (const std::vector<int>& text : texts) total_tokens_ += static_cast<double>(text.size());
  }

  std::vector<AlignedBuffer> run() {
    packed_.resize(places_.size());
    for (std::size_t first = 0, count; first < inputs_.size(); first += count) {
      count = fitting(first);
      const std::span<const SharedInput> inputs = std::span(inputs_).subspan(first, count);
      const SecondMoments moments = sum_moments(inputs);
      pack(inputs, moments);
    }
    return std::move(packed_);
  }

 private:
  static double weights_in(const Matrix& matrix) {
    return static_cast<double>(matrix.rows) * static_cast<double>(matrix.cols);
  }

  // How many inputs from this one on can be looked at in one pass; at least one.
  std::size_t fitting(std::size_t first) const {
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    while (first + count < inputs_.size()) {
      bytes += SecondMoments::bytes_for(inputs_[first + count].front()->cols);
      if (count > 0 && bytes > options_.moment_bytes) break;
      ++count;
    }
    return count;
  }

  SecondMoments sum_moments(std::span<const SharedInput> inputs) {
    std::uint64_t bytes = 0;
    for (const SharedInput& input : inputs) bytes += SecondMoments::bytes_for(input.front()->cols);
    require_memory(bytes, "second moments");
    SecondMoments moments(inputs);
    tokens_read_ = 0.0;
    for (std::size_t first = 0; first < texts_.size();) {
      std::size_t end = first;
      for (std::size_t tokens = 0; end < texts_.size() && (end == first || tokens < tokens_together); ++end)
        tokens += texts_[end].size();
      read(texts_.subspan(first, end - first), moments);
      first = end;
    }
    return moments;
  }

  void read(std::span<const std::vector<int>> texts, SecondMoments& moments) {
    std::vector<Sequence> sequences;
    std::vector<Feed> feeds;
    sequences.reserve(texts.size());
    for (const std::vector<int>& text : texts) {
      sequences.emplace_back(model_, static_cast<int>(text.size()));
      feeds.push_back({&sequences.back(), text, Want::none});
    }
    const double before = tokens_read_;
    ForwardOptions forward;
    forward.input_observer = &moments;
    forward.progress = [&](int done, int) {
      tokens_read_ = before + done;
      if (options_.reading) options_.reading(tokens_read_, total_tokens_);
    };
    model_.forward(feeds, {}, forward);
  }

  void pack(std::span<const SharedInput> inputs, const SecondMoments& moments) {
    ThreadTeam team(model_.threads());
    double done = 0.0, total = 0.0;
    for (const SharedInput& input : inputs)
      for (const Matrix* matrix : input) total += weights_in(*matrix);
    for (const SharedInput& input : inputs) {
      const AlignedBuffer sum = moments.sum(*input.front());
      const ErrorFeedback feedback({sum.floats(), sum.size() / sizeof(float)}, input.front()->cols,
                                   options_.damping, model_.kernels(), model_.threads());
      for (const Matrix* matrix : input) {
        const Storage format = matrix == &model_.weights().lm_head ? kind_.head : kind_.layers;
        AlignedBuffer& packed = packed_[place_of(matrix)];
        packed = AlignedBuffer(matrix_bytes(format, matrix->rows, matrix->cols));
        quantize(format, *matrix, model_.kernels(), feedback, team, packed.data());
        done += weights_in(*matrix);
        if (options_.packing) options_.packing(done, total);
      }
    }
  }

  // Of a head that is the embedding, the embedding's.
  std::size_t place_of(const Matrix* matrix) const {
    return static_cast<std::size_t>(std::ranges::find(places_, matrix->data, &Matrix::data) -
                                    places_.begin());
  }

  Model& model_;
  const WeightKind& kind_;
  std::span<const std::vector<int>> texts_;
  const CalibrationOptions& options_;
  std::vector<const Matrix*> places_;
  std::vector<SharedInput> inputs_;
  std::vector<AlignedBuffer> packed_;  // by place
  double total_tokens_ = 0.0, tokens_read_ = 0.0;
};

}  // namespace

std::vector<AlignedBuffer> pack_calibrated(Model& model, const WeightKind& kind,
                                           std::span<const std::vector<int>> texts,
                                           const CalibrationOptions& options) {
  return CalibratedPacking(model, kind, texts, options).run();
}

}  // namespace kelvin
