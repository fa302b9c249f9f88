// The one loop from logits to text: every pass through the model gives each continuation that is open its next
// token. Continuations join and leave at every pass, and the text of each is what it is alone.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "engine/forward/model.h"
#include "tools/generation/continuation_writer.h"

namespace kelvin {

struct LoopOptions {
  int chunk = 0;                            // prompt tokens in one pass; 0: the model's default
  const std::atomic<bool>* stop = nullptr;  // set it from anywhere: continuations end with what they have
  std::function<void(int done, int total)> on_prompt = {};  // tokens of the prompts, in the first pass
};

class GenerationLoop {
 public:
  // Keeps a reference to the model.
  explicit GenerationLoop(Model& model, LoopOptions options = {})
      : model_(model), options_(std::move(options)) {}

  // Takes part from the next pass on, until it is done or left out; kept by reference.
  void add(ContinuationWriter& writer) { open_.push_back(&writer); }
  void remove(const ContinuationWriter& writer) { std::erase(open_, &writer); }

  // Runs all of the prompt but its last token, so that the sequence can be forked. False if stopped.
  bool read_prompt(ContinuationWriter& writer);

  // One pass for all. False if it was stopped midway, or if none is open. An error of one continuation
  // (NonFiniteLogits) ends that one, and is thrown by its finish().
  bool step();

  bool empty() const { return open_.empty(); }

 private:
  bool stopped() const { return options_.stop && options_.stop->load(std::memory_order_relaxed); }
  bool forward(std::span<const Feed> feeds, const LogitsSink& sink);

  Model& model_;
  LoopOptions options_;
  std::vector<ContinuationWriter*> open_;
  std::vector<Feed> feeds_;
  std::vector<std::vector<float>> logits_;  // (open, vocabulary)
};

}  // namespace kelvin
