// One forward pass over a text, handed out position by position.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <span>

#include "engine/forward/model.h"

namespace kelvin {

struct PositionLogits {
  int position;
  int id;                         // the token there
  std::optional<int> next;        // the one that follows
  std::span<const float> logits;  // (vocabulary,): what may follow
  std::span<const float> lens;    // (layers + 1, vocabulary), see logit_lens.h; empty unless asked for
};

struct LogitsPassOptions {
  bool lens = false;
  int chunk = 0;  // as ForwardOptions::chunk
  const std::atomic<bool>* stop = nullptr;
  std::function<void(int done, int total)> progress;
};

// ids: (positions,), at least one. The spans are valid during the call. Throws std::runtime_error if the
// lens' last layer is not the model, which would be an error of ours, Interrupted after a stop; what `visit` throws passes
// through.
void pass_over(Model& model, std::span<const int> ids, const LogitsPassOptions& options,
               const std::function<void(const PositionLogits& position)>& visit);

}  // namespace kelvin
