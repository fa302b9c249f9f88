#include "tools/inspect/logits_pass.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/weights/config.h"
#include "tools/inspect/logit_lens.h"

namespace kelvin {
namespace {

// Positions whose logits wait for their lens; they are all in memory.
constexpr int lens_positions = 16;

PositionLogits at_position(std::span<const int> ids, int position, std::span<const float> logits,
                           std::span<const float> lens) {
  const auto at = static_cast<std::size_t>(position);
  return {position, ids[at], at + 1 < ids.size() ? std::optional(ids[at + 1]) : std::nullopt, logits, lens};
}

void pass_with_lens(Model& model, std::span<const int> ids, const LogitsPassOptions& options,
                    const std::function<void(const PositionLogits&)>& visit) {
  const auto vocabulary = static_cast<std::size_t>(model.config().vocab_size);
  const int positions = static_cast<int>(ids.size());
  LogitLens lens(model);
  Sequence sequence(model, positions);
  std::vector<float> logits;
  for (int first = 0; first < positions; first += lens_positions) {
    const int count = std::min(lens_positions, positions - first);
    logits.clear();
    ForwardOptions forward;
    forward.chunk = options.chunk;
    forward.observer = lens.watch(first, count);
    const Feed feed{&sequence, ids.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
                    Want::all};
    model.forward(
        {&feed, 1},
        [&](int, int, std::span<const float> z) { logits.insert(logits.end(), z.begin(), z.end()); },
        forward);
    for (int i = 0; i < count; ++i) {
      const std::span<const float> own =
          std::span(logits).subspan(static_cast<std::size_t>(i) * vocabulary, vocabulary);
      const std::span<const float> stages = lens.read(first + i);
      if (std::memcmp(stages.last(vocabulary).data(), own.data(), own.size_bytes()) != 0)
        throw std::runtime_error("position " + std::to_string(first + i) +
                                 ": the lens' last layer is not the model");
      visit(at_position(ids, first + i, own, stages));
    }
    if (options.progress) options.progress(first + count, positions);
  }
}

}  // namespace

void pass_over(Model& model, std::span<const int> ids, const LogitsPassOptions& options,
               const std::function<void(const PositionLogits&)>& visit) {
  if (options.lens) return pass_with_lens(model, ids, options, visit);
  Sequence sequence(model, static_cast<int>(ids.size()));
  ForwardOptions forward;
  forward.chunk = options.chunk;
  forward.progress = options.progress;
  const Feed feed{&sequence, ids, Want::all};
  model.forward(
      {&feed, 1},
      [&](int, int position, std::span<const float> z) { visit(at_position(ids, position, z, {})); },
      forward);
}

}  // namespace kelvin
