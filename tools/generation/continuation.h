// One continuation of a prompt: the path of a token from logits through the chain to text.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/forward/model.h"
#include "sampling/chain.h"
#include "tokenizer/tokenizer.h"
#include "tools/output/token_view.h"

namespace kelvin {

struct ContinuationRequest {
  std::span<const int> prompt;  // (n >= 1,), must fit the sequence
  const Chain* chain = nullptr;
  std::uint64_t seed = 0, stream = 0;       // of the noise
  int most_tokens = 0;                      // 0: as many as the sequence holds
  std::span<const int> stops;               // ids that end the text, ascending; empty: none does
  bool text_continues = false;              // the text belongs to the prompt's last word; else it begins anew
  std::span<const std::string> stop_texts;  // none empty; the text ends before the first of them
  bool log_probabilities = false;
  int alternatives = 0;  // with log_probabilities: likeliest tokens of the model to tell with each
  const std::atomic<bool>* stop = nullptr;  // set it from anywhere: the continuation ends with what it has
  int chunk = 0;                            // prompt tokens in one pass; 0: the model's default
  std::function<void(int done, int total)> on_prompt;
  std::function<void(std::string_view text)> on_text;  // whole characters only
};

enum class Ending { stop_token, stop_text, most_tokens, context_full, interrupted };
std::string_view name_of(Ending ending);  // "eos", "stop", "length", "context", "interrupted"

struct Continuation {
  std::vector<int> ids;  // drawn, the stop token included
  std::string text;      // without the stop token; other special tokens as they are written
  // If asked for, of each id: ln p by the model itself (softmax at T = 1), and by what the chain made of it.
  std::vector<double> log_probabilities, chain_log_probabilities;
  std::vector<std::vector<TokenChance>> alternatives;  // likeliest first
  // What the chain remembered before each id was drawn (ChainState::values).
  std::vector<std::vector<std::vector<double>>> memories;
  Ending ending = Ending::interrupted;
  int prompt_tokens = 0;
  int cached = 0;  // of them, those whose keys and values were there already
  double prompt_seconds = 0, decode_seconds = 0;

  double mean_log_probability() const;  // NaN if nothing was drawn or not asked for
};

// Brings `sequence` to the prompt, keeping the common prefix of what it holds, and draws on. Text depends on
// weights, prompt, chain, seed and stream alone. Throws what the chain throws (NonFiniteLogits);
// UserError if the prompt does not fit.
Continuation continue_prompt(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                             const ContinuationRequest& request);

// `n_draws` continuations side by side, of streams request.stream, request.stream + 1, ...: each is what
// continue_prompt gives with its stream. The prompt is read once. The seconds are those of all together;
// on_text is told the text of all, so it is of use for one only. `sequence` holds the first one in the end.
std::vector<Continuation> continue_prompt_often(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                                                const ContinuationRequest& request, int n_draws);

// The logits behind the last of `tokens`, shape (vocabulary,). Brings `sequence` to these tokens, keeping the
// common prefix.
std::vector<float> logits_after(Model& model, Sequence& sequence, std::span<const int> tokens);

}  // namespace kelvin
