// A continuation as a line of JSON: what kelvin-generate --json prints, and what the laboratory reads.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "loaders/json/json.h"
#include "tools/generation/continuation.h"
#include "tools/output/provenance.h"

namespace kelvin {

// A hash, 16 digits, of everything that a draw depends on but its number: model, how it is kept and its context,
// prompt, chain, seed, the most tokens and what ends a text.
std::string run_of(const ModelOrigin& model, int context, const ContinuationRequest& request);

// prompt_ids, ids, text, logprobs, chain_logprobs, stop, seed, chain, run; where it has a number, `draw` before them.
std::string draw_line(const Continuation& result, const ContinuationRequest& request,
                      std::optional<std::size_t> draw, const std::string& run);

// How many tokens draws have and how likely they are, from results or from lines.
class DrawStatistics {
 public:
  void add(const Continuation& result);
  void add(JsonValue line);  // throws LoadError where it is no draw
  std::size_t draws() const { return draws_; }
  std::size_t tokens() const { return tokens_; }
  // "3 draws, 60 tokens: 2 eos, 1 length; mean ln p -2.1034 +- 0.08 (perplexity 8.19)". The error is that of whole
  // draws, whose tokens err together; the mean is left out where log-probabilities were not asked for.
  std::string text() const;

 private:
  void add(std::string_view ending, std::size_t tokens, std::size_t judged, double log_p);

  struct Count {
    std::string ending;
    std::size_t draws;
  };
  std::vector<Count> endings_;
  std::size_t draws_ = 0, tokens_ = 0;
  // Over draws, of their ln p l and their tokens n: sums of l, n, l^2, l n, n^2.
  double log_p_ = 0, judged_ = 0, squares_ = 0, products_ = 0, judged_squares_ = 0;
};

}  // namespace kelvin
