// Running a text of any length through a model.
#pragma once

#include <atomic>
#include <functional>
#include <span>

#include "tools/lab/lab_input.h"
#include "tools/lab/lab_text.h"

namespace kelvin {

struct ReadingOptions {
  int overlap = -1;  // tokens; -1: half the context
  int skip =
      0;  // tokens at the front of every document that are read but not judged (a prompt), beside the first
  const std::atomic<bool>* stop = nullptr;
  // Told of every judged token's row, in order.
  std::function<void(std::span<const float> logits, int position, int id)> on_row;
};

// Runs the text through the model. A text longer than the context is read in windows that share `overlap`
// tokens with the one before, each begun by the text's own BOS if it has one: every token is judged once,
// with at least `overlap` tokens before it wherever there are so many. Shows a progress bar. Throws
// UsageError if the overlap does not fit; std::runtime_error "interrupted".
LabText read_lab_text(OpenModel& model, const LabInput& input, const ReadingOptions& options = {});

}  // namespace kelvin
