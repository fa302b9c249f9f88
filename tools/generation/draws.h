// Many continuations of one prompt, some side by side: when one ends, the next takes its place.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "engine/forward/model.h"
#include "tokenizer/tokenizer.h"
#include "tools/generation/continuation.h"
#include "tools/generation/generation_loop.h"

namespace kelvin {

struct DrawOptions {
  int width = 1;  // continuations side by side, >= 1; results do not depend on it
  LoopOptions loop = {};
  // After every token of all: draws that are done, and the shares of those that are open.
  std::function<void(double done, double total)> progress = {};
};

// Told of each draw when it is done, on the calling thread and in no order.
using DrawSink = std::function<void(std::size_t draw, Continuation result)>;

// The draws of these numbers, of streams request.stream + number: each has the bits it has alone. The prompt is read
// once, in `sequence`, which the first draw then goes on in. False if stopped: draws that have begun are told as
// `interrupted`, others not at all. Throws what one of them threw (NonFiniteLogits), after those that were done were
// told; UserError if the prompt does not fit; OutOfMemory.
bool draw_continuations(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                        const ContinuationRequest& request, std::span<const std::size_t> draws,
                        const DrawOptions& options, const DrawSink& sink);

// Bytes that one continuation takes which grows to `positions` tokens: keys and values, logits and what a chain needs.
std::size_t draw_bytes(const Model& model, int positions);

// How many of them to run side by side: `asked`, or without it as many as four fifths of the memory that is left hold,
// from 1 to 32, beyond which they are hardly faster. Throws OutOfMemory where so many as asked do not fit.
int draws_side_by_side(const Model& model, int positions, std::size_t draws, int asked = 0);

}  // namespace kelvin
