#include "tools/inspect/logit_lens.h"

#include <algorithm>
#include <stdexcept>

namespace kelvin {

Observer LogitLens::watch(int first, int count) {
  const auto width = static_cast<std::size_t>(model_.config().hidden_size);
  const auto rows = static_cast<std::size_t>(count) * static_cast<std::size_t>(stages());
  first_ = first;
  hidden_.assign(rows * width, 0.0f);
  seen_.assign(rows, false);
  return [this, count, width](int, int position, int stage, std::span<const float> hidden) {
    if (position < first_ || position >= first_ + count || stage >= stages()) return;
    // A position is computed anew where longer texts have other RoPE frequencies; its own pass is the first.
    const std::size_t row = static_cast<std::size_t>(position - first_) * static_cast<std::size_t>(stages()) +
                            static_cast<std::size_t>(stage);
    if (seen_[row]) return;
    seen_[row] = true;
    std::copy(hidden.begin(), hidden.end(), hidden_.begin() + static_cast<std::ptrdiff_t>(row * width));
  };
}

std::span<const float> LogitLens::read(int position) {
  const auto width = static_cast<std::size_t>(model_.config().hidden_size),
             vocabulary = static_cast<std::size_t>(model_.config().vocab_size),
             rows = static_cast<std::size_t>(stages());
  const std::size_t at = static_cast<std::size_t>(position - first_) * rows;
  if (position < first_ || at + rows > seen_.size() || !seen_[at])
    throw std::logic_error("lens: position " + std::to_string(position) + " was not watched");
  logits_.resize(rows * vocabulary);
  model_.read_out(
      std::span(hidden_).subspan(at * width, rows * width), [&](std::size_t row, std::span<const float> z) {
        std::copy(z.begin(), z.end(), logits_.begin() + static_cast<std::ptrdiff_t>(row * vocabulary));
      });
  return logits_;
}

}  // namespace kelvin
