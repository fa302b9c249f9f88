// The loop from logits to tokens. How a token is chosen is the caller's: one callback is the whole interface
// to sampling.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "engine/forward/model.h"

namespace kelvin {

struct GenerateOptions {
  int max_tokens = std::numeric_limits<int>::max();
  std::span<const int> stop_tokens;  // ids that end the text
  bool ignore_stop_tokens = false;
  const std::atomic<bool>* stop = nullptr;  // checked per layer and per token
  int chunk = 0;                            // as ForwardOptions::chunk
  std::function<void(int done, int total)> prompt_progress;
};

enum class GenerateEnd { stop_token, max_tokens, context_full, interrupted };

struct Generated {
  GenerateEnd end;
  std::vector<int> tokens;  // chosen ones, the stop token included
};

// Chooses the token that follows `position` from its logits, which it may change.
using ChooseToken = std::function<int(std::span<float> logits,  // (vocab_size,)
                                      int position)>;

// Told of every chosen token, before it is fed back; false ends the text as if interrupted.
using OnToken = std::function<bool(int token)>;

// Feeds `prompt` (at least one token) to the sequence, then chooses and feeds back tokens until one of the
// ends. The last chosen token is not part of the sequence. When interrupted within the prompt, the sequence
// holds as much of it as was computed. Throws std::invalid_argument if the prompt is empty or exceeds the
// capacity; what a callback throws passes through.
Generated generate(Model& model, Sequence& sequence, std::span<const int> prompt, const ChooseToken& choose,
                   const OnToken& on_token, const GenerateOptions& options = {});

}  // namespace kelvin
