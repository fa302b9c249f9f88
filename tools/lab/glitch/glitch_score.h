// Tokens that a model was never taught: indicators from its weights and its tokenizer, and one score from
// them (Land and Bartolo 2024, arXiv 2405.05417).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tools/lab/glitch/near_twins.h"
#include "tools/lab/glitch/token_rows.h"
#include "tools/options/model_options.h"

namespace kelvin {

enum class Reach {
  reached,      // encode(decode(id)) == id
  within,       // its text alone becomes other tokens, but not inside a longer text
  unreachable,  // its text becomes other tokens wherever it stands
  fragment,     // no text of its own: part of a UTF-8 character
  special,
};
std::string name_of(Reach reach);

// How a token fares over many contexts.
struct TailFacts {
  double mean_log_probability;  // at T = 1, nats
  double tail_share;            // share of contexts with it among the k least likely
  double last_share;            // share of contexts with it at the very end: what T -> -0 would draw
};

struct TokenIndicators {
  int id;
  RowGeometry embedding;
  RowGeometry head;  // of the output layer; as `embedding` where tied
  Reach reach;
  // Shares in [0, 1]: how many tokens are less suspicious in this respect.
  double near_centroid;      // small distance to the centroid of the embeddings
  double head_alignment;     // output row in the direction common to those of the reference
  double near_reference;     // output row near the mean of those of the reference
  double tail;               // low mean log-probability; NaN without contexts
  double score;              // mean of those that count (GlitchScan::counted); NaN where none does
  float reference_distance;  // of the output row to the mean of the reference
};

// What rows that training never touched look like.
enum class Reference {
  never_in_text,  // rows of tokens that no text contains, and of padding
  twins,          // the tightest cluster of near-twins in the output layer (near_twins.h)
  none,           // neither exists: weights alone tell nothing
};
std::string name_of(Reference reference);

struct GlitchScan {
  std::vector<TokenIndicators> tokens;  // the most suspicious first; equal scores by id
  int padding = 0;                      // rows beyond the tokenizer's vocabulary: centroid and reference only
  double centroid_norm = 0;
  Reference kind = Reference::none;
  std::vector<int> reference;        // its rows, ascending
  std::optional<TwinCluster> twins;  // where they are the reference
  // How many tokens are farther from the centroid of the embeddings than the reference rows are, in the middle: near 1
  // where untrained rows lie near it, as is often said. NaN without a reference.
  double reference_nearness = 0;
  double common_length = 0;  // of the common direction: 1 if those output rows are parallel
  bool tied = false;
  std::vector<std::string> counted;  // the indicators in the score
};

// What training never shows can be told without knowing what was shown. Such a token's embedding gets no
// gradient: weight decay draws it to where all such rows meet, near the centroid. Its output row gets only
// one kind of gradient, away from whatever came instead, so all such rows are pushed along one direction.
// That direction is taken from rows that cannot have been trained whatever the text was: padding, bytes that
// UTF-8 never uses, tokens that the tokenizer cannot produce (the reference of Land and Bartolo's second
// indicator). Where embedding and head are one matrix, or there are fewer than eight such rows, it is the tightest cluster
// of near-twins: tied rows get gradients as output rows, which leaves them together but not near the centroid, so that
// distance to the centroid counts only where the head is a matrix of its own. Without such a cluster the weights have no
// power to tell, and no score is made of them. And with contexts: such a token was never right, so its mean
// log-probability is low.
//
// contexts: (vocabulary,) or empty. No forward pass is made.
GlitchScan scan_tokens(const OpenModel& model, const std::vector<TailFacts>& contexts = {});
// The same of a scan without contexts.
void add_contexts(GlitchScan& scan, const std::vector<TailFacts>& contexts);

Reach reach_of(const Tokenizer& tokenizer, int id);

}  // namespace kelvin
