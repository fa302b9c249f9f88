#include "tools/generation/generation_loop.h"

#include <utility>

#include "engine/platform/in_parallel.h"

namespace kelvin {

bool GenerationLoop::forward(std::span<const Feed> feeds, const LogitsSink& sink) {
  ForwardOptions options;
  options.chunk = options_.chunk;
  options.stop = options_.stop;
  options.progress = std::exchange(options_.on_prompt, nullptr);
  return model_.forward(feeds, sink, options) && !stopped();
}

bool GenerationLoop::read_prompt(ContinuationWriter& writer) {
  const std::span<const int> prompt = writer.next();
  if (prompt.size() == 1) return true;
  const Feed feed{&writer.sequence(), prompt.first(prompt.size() - 1), Want::none};
  return forward({&feed, 1}, {});
}

bool GenerationLoop::step() {
  if (open_.empty() || stopped()) return false;
  feeds_.clear();
  for (ContinuationWriter* writer : open_)
    feeds_.push_back({&writer->sequence(), writer->next(), Want::last});
  if (logits_.size() < open_.size()) logits_.resize(open_.size());
  const bool complete = forward(feeds_, [&](int feed, int, std::span<const float> logits) {
    logits_[static_cast<std::size_t>(feed)].assign(logits.begin(), logits.end());
  });
  if (!complete) return false;
  in_parallel(open_.size(), model_.team(), [&](std::size_t i) { open_[i]->take(logits_[i]); });
  std::erase_if(open_, [](const ContinuationWriter* writer) { return writer->done(); });
  return true;
}

}  // namespace kelvin
