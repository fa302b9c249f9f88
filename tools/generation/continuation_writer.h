// A continuation as it grows: says what the model has to compute next, takes the logits, draws. GenerationLoop
// runs one or many of these together; the text is the same.
#pragma once

#include <chrono>
#include <exception>
#include <span>
#include <vector>

#include "engine/forward/model.h"
#include "sampling/chain.h"
#include "tokenizer/tokenizer.h"
#include "tools/generation/continuation.h"
#include "tools/generation/streamed_text.h"

namespace kelvin {

class ContinuationWriter {
 public:
  // Keeps references to all of them, and cuts `sequence` to what it has in common with the prompt. Throws
  // UserError if the prompt does not fit.
  ContinuationWriter(Sequence& sequence, const Tokenizer& tokenizer, const ContinuationRequest& request);

  Sequence& sequence() const { return sequence_; }
  bool done() const { return done_; }
  double share() const;  // of the most tokens it may draw, from 0 to 1
  // Tokens for the sequence, at least one; wanted are the logits of the last. Valid until take().
  std::span<const int> next() const;
  // These logits, shape (vocabulary,), which the chain edits. What the chain throws ends the continuation.
  void take(std::span<float> logits);
  // What ended it, if that was an error.
  const std::exception_ptr& error() const { return error_; }
  // The result so far; it is `interrupted` unless done(). Throws that error. Once.
  Continuation finish();

 private:
  int limit() const;
  Step step() const;
  int draw(std::span<float> logits);
  void accept(int id);
  void take_back(std::size_t count);

  Sequence& sequence_;
  const ContinuationRequest& request_;
  StreamedText text_;
  std::vector<int> tokens_;  // prompt and drawn
  std::vector<float> raw_;   // (vocabulary,) before the chain
  ChainState state_;
  Continuation result_;
  std::chrono::steady_clock::time_point start_;
  std::exception_ptr error_;
  bool done_ = false;
};

// How many of `prompt`'s tokens the sequence holds already; at least the last one has to be run for its
// logits.
int common_prefix(std::span<const int> held, std::span<const int> prompt);

}  // namespace kelvin
