#include "tools/inspect/logits_pass.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/weights/config.h"
#include "tools/terminal/interrupt.h"

namespace kelvin {
namespace {

// Positions whose logits wait for their lens; they are all in memory.
constexpr int lens_positions = 16;

// The residual stream of a few positions after the embedding and after every layer.
class ResidualStream {
 public:
  explicit ResidualStream(Model& model)
      : model_(model),
        width_(static_cast<std::size_t>(model.config().hidden_size)),
        stages_(static_cast<std::size_t>(model.config().n_layers) + 1) {}

  // The observer of a forward pass over `count` positions from `first` on; forgets what was seen before.
  Observer watch(int first, int count) {
    first_ = first;
    seen_.assign(static_cast<std::size_t>(count) * stages_, false);
    hidden_.assign(seen_.size() * width_, 0.0f);
    return [this](int, int position, int stage, std::span<const float> hidden) {
      const std::size_t row = row_of(position) + static_cast<std::size_t>(stage);
      if (position < first_ || row >= seen_.size() || static_cast<std::size_t>(stage) >= stages_) return;
      // A position is computed anew where longer texts have other RoPE frequencies; its own pass is the first.
      if (seen_[row]) return;
      seen_[row] = true;
      std::copy(hidden.begin(), hidden.end(), hidden_.begin() + static_cast<std::ptrdiff_t>(row * width_));
    };
  }

  // After that pass: the logits of every stage of one position, (stages, vocabulary); the last row is the
  // model's own, bit for bit. Valid until the next call.
  std::span<const float> read_out(int position) {
    const auto vocabulary = static_cast<std::size_t>(model_.config().vocab_size);
    logits_.resize(stages_ * vocabulary);
    const auto keep = [&](std::size_t row, std::span<const float> z) {
      std::copy(z.begin(), z.end(), logits_.begin() + static_cast<std::ptrdiff_t>(row * vocabulary));
    };
    model_.read_out(std::span(hidden_).subspan(row_of(position) * width_, stages_ * width_), keep);
    return logits_;
  }

 private:
  std::size_t row_of(int position) const { return static_cast<std::size_t>(position - first_) * stages_; }

  Model& model_;
  std::size_t width_, stages_;
  int first_ = 0;
  std::vector<float> hidden_;  // (positions, stages, width)
  std::vector<bool> seen_;     // (positions, stages)
  std::vector<float> logits_;
};

PositionLogits at_position(std::span<const int> ids, int position, std::span<const float> logits,
                           std::span<const float> lens) {
  const auto at = static_cast<std::size_t>(position);
  return {position, ids[at], at + 1 < ids.size() ? std::optional(ids[at + 1]) : std::nullopt, logits, lens};
}

void pass_with_lens(Model& model, std::span<const int> ids, const LogitsPassOptions& options,
                    const std::function<void(const PositionLogits&)>& visit) {
  const auto vocabulary = static_cast<std::size_t>(model.config().vocab_size);
  const int positions = static_cast<int>(ids.size());
  ResidualStream stream(model);
  Sequence sequence(model, positions);
  std::vector<float> logits;
  for (int first = 0; first < positions; first += lens_positions) {
    const int count = std::min(lens_positions, positions - first);
    logits.clear();
    const Feed feed{&sequence, ids.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
                    Want::all};
    if (!model.forward(
            {&feed, 1},
            [&](int, int, std::span<const float> z) { logits.insert(logits.end(), z.begin(), z.end()); },
            {.chunk = options.chunk, .stop = options.stop, .observer = stream.watch(first, count)}))
      throw Interrupted();
    for (int i = 0; i < count; ++i) {
      heed(options.stop);
      const std::span<const float> own =
          std::span(logits).subspan(static_cast<std::size_t>(i) * vocabulary, vocabulary);
      const std::span<const float> stages = stream.read_out(first + i);
      if (std::memcmp(stages.last(vocabulary).data(), own.data(), own.size_bytes()) != 0)
        throw std::runtime_error("position " + std::to_string(first + i) +
                                 ": the lens' last layer is not the model");
      visit(at_position(ids, first + i, own, stages));
      if (options.progress) options.progress(first + i + 1, positions);
    }
  }
}

}  // namespace

void pass_over(Model& model, std::span<const int> ids, const LogitsPassOptions& options,
               const std::function<void(const PositionLogits&)>& visit) {
  if (options.lens) return pass_with_lens(model, ids, options, visit);
  Sequence sequence(model, static_cast<int>(ids.size()));
  const Feed feed{&sequence, ids, Want::all};
  const auto look = [&](int, int position, std::span<const float> z) {
    heed(options.stop);
    visit(at_position(ids, position, z, {}));
    if (options.progress) options.progress(position + 1, static_cast<int>(ids.size()));
  };
  if (!model.forward({&feed, 1}, look, {.chunk = options.chunk, .stop = options.stop})) throw Interrupted();
}

}  // namespace kelvin
