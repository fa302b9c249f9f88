// What is asked of a continuation of a prompt, and what comes of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/chain.h"
#include "sampling/statistics/token_view.h"

namespace kelvin {

// Text depends on the model, its weights, and prompt, chain, seed and stream here alone.
struct ContinuationRequest {
  std::span<const int> prompt;         // (n >= 1,), must fit the sequence
  const Chain* chain = nullptr;        // how a token is drawn
  std::uint64_t seed = 0, stream = 0;  // of the noise
  int max_tokens = 0;                  // 0: as many as the sequence holds
  std::span<const int> stops = {};     // ids that end the text, ascending; empty: none does
  bool text_continues = false;         // the text belongs to the prompt's last word; else it begins anew
  std::span<const std::string> stop_texts = {};  // none empty; the text ends before the first of them
  bool log_probabilities = false;
  int alternatives = 0;         // with log_probabilities: likeliest tokens of the model to tell with each
  bool self_certainty = false;  // with log_probabilities: that of the model (token_view.h)
  bool memories = false;        // what the chain remembered before each token, to explain it later
  // Whole characters only, none that may change. Where several continuations run together it is called from any thread,
  // for one continuation never twice at once.
  std::function<void(std::string_view text)> on_text = {};
  // The same text token by token, with ln p of each by the model; needs log_probabilities.
  std::function<void(std::string_view text, double log_probability)> on_token_text = {};
  // Every token that is drawn, with the stream of its continuation and the model's own logits, (vocabulary,), valid during
  // the call; also of tokens that a stage takes back later. Threads as for on_text.
  std::function<void(std::uint64_t stream, std::span<const float> logits, int id)> on_draw = {};
};

enum class Ending { stop_token, stop_text, max_tokens, context_full, interrupted };
std::string_view name_of(Ending ending);  // "eos", "stop", "length", "context", "interrupted"

struct Continuation {
  std::vector<int> ids;  // drawn, the stop token included
  std::string text;      // without the stop token; other special tokens as they are written
  // If asked for, of each id: ln p by the model itself (softmax at T = 1), and by what the chain made of it.
  std::vector<double> log_probabilities, chain_log_probabilities;
  std::vector<double> self_certainties;  // if asked for, of the model's distribution before each id
  std::vector<std::vector<TokenRank>> alternatives;        // likeliest first
  std::vector<std::vector<std::vector<double>>> memories;  // ChainState::values before each id was drawn
  Ending ending = Ending::interrupted;
  int prompt_tokens = 0;
  int cached = 0;  // of them, those whose keys and values were there already
  double prompt_seconds = 0, decode_seconds = 0;
};

// "prompt 40 tok, 80.0 tok/s (+ 20 cached); answer 5 tok, 2.0 tok/s; mean ln p -3.0000 (perplexity 20.09)"; before
// it the time to load, if given.
std::string statistics_line(const Continuation& result, std::optional<double> load_seconds = {});

}  // namespace kelvin
