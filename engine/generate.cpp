#include "engine/generate.h"

#include <algorithm>
#include <stdexcept>

namespace kelvin {

Generated generate(Model& model, Sequence& sequence, std::span<const int> prompt, const ChooseToken& choose,
                   const OnToken& on_token, const GenerateOptions& options) {
  if (prompt.empty()) throw std::invalid_argument("generate: the prompt is empty");
  ForwardOptions forward;
  forward.chunk = options.chunk;
  forward.stop = options.stop;
  forward.progress = options.prompt_progress;

  Generated result{GenerateEnd::max_tokens, {}};
  std::vector<float> logits(static_cast<std::size_t>(model.config().vocab_size));
  const LogitsSink keep = [&](int, int, std::span<const float> z) {
    std::copy(z.begin(), z.end(), logits.begin());
  };
  const auto interrupted = [&] { return options.stop && options.stop->load(std::memory_order_relaxed); };
  const auto ended_with = [&](GenerateEnd end) {
    result.end = end;
    return result;
  };

  if (options.max_tokens <= 0) return ended_with(GenerateEnd::max_tokens);
  std::vector<int> next(prompt.begin(), prompt.end());
  while (true) {
    const Feed feed{&sequence, next, Want::last};
    if (!model.forward({&feed, 1}, keep, forward) || interrupted())
      return ended_with(GenerateEnd::interrupted);
    forward.progress = nullptr;

    const int token = choose(logits, sequence.length() - 1);
    result.tokens.push_back(token);
    const bool go_on = !on_token || on_token(token);
    const bool stops =
        std::find(options.stop_tokens.begin(), options.stop_tokens.end(), token) != options.stop_tokens.end();
    if (stops && !options.ignore_stop_tokens) return ended_with(GenerateEnd::stop_token);
    if (!go_on) return ended_with(GenerateEnd::interrupted);
    if (result.tokens.size() >= static_cast<std::size_t>(options.max_tokens))
      return ended_with(GenerateEnd::max_tokens);
    if (sequence.length() == sequence.capacity()) return ended_with(GenerateEnd::context_full);
    next.assign(1, token);
  }
}

}  // namespace kelvin
