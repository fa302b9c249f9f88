// From a prompt to its continuation, and to several.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/forward/model.h"
#include "tokenizer/tokenizer.h"
#include "tools/generation/continuation.h"
#include "tools/generation/generation_loop.h"

namespace kelvin {

// Brings `sequence` to the prompt, keeping the common prefix of what it holds, and draws on. Throws what the
// chain throws (NonFiniteLogits); UserError if the prompt does not fit.
Continuation continue_prompt(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                             const ContinuationRequest& request, const LoopOptions& options = {});

// `n_draws` continuations side by side, of streams request.stream, request.stream + 1, ...: each is what
// continue_prompt gives with its stream. The prompt is read once. The seconds are those of all together;
// on_text is told the text of all, so it is of use for one only. `sequence` holds the first one in the end.
std::vector<Continuation> continue_prompt_often(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                                                const ContinuationRequest& request, int n_draws,
                                                const LoopOptions& options = {});

// The logits behind the last of `tokens`, shape (vocabulary,). Brings `sequence` to these tokens, keeping the
// common prefix.
std::vector<float> logits_after(Model& model, Sequence& sequence, std::span<const int> tokens);

// (min(vocabulary, vocab_size),): what each id decodes to, for stages that look at text (Vocabulary::bytes).
std::vector<std::string> token_bytes(const Tokenizer& tokenizer, int vocab_size);

// The ids below vocab_size that are no text (Vocabulary::special): special tokens, and added ones that only
// keep a place, such as <unused56>, [unused7] and <|reserved_3|>, whether or not the file calls them special.
std::vector<int> special_tokens(const Tokenizer& tokenizer, int vocab_size);

}  // namespace kelvin
