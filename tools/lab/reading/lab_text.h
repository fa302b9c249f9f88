// A text as steps under a model: at every token what the model offered, condensed to a density of states, and
// what came.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sampling/statistics/temperature_fit.h"
#include "tools/output/provenance.h"

namespace kelvin {

// One token and its place in the row of logits that led to it. Ranks count from 1; equal logits rank by id
// from both ends.
struct TokenFacts {
  int position;  // in the text (all documents), from 0
  int id;
  std::size_t rank;           // 1: the likeliest
  std::size_t rank_from_end;  // 1: the least likely; impossible tokens are not counted
  int first_choice, last_choice;
};

struct LabText {
  std::string name;
  std::vector<ObservedStep> steps;  // (judged tokens,)
  std::vector<TokenFacts> facts;    // (judged tokens,)
  std::size_t bytes = 0;            // of the judged tokens; 0: unknown
  std::size_t documents = 1;
  std::size_t windows = 1;  // passes it was read in; more than documents where one is longer than the context
  int overlap = 0;          // tokens that the windows of one document share
  std::vector<std::string> chains = {};    // that the documents were drawn with, where that is known
  bool is_plain = false;                   // the documents' first tokens were judged with nothing before them
  std::optional<ModelOrigin> origin = {};  // of the model that read it, if one did
};

// Where each document that was judged begins: indices of steps, ascending; the first is 0. Between documents there is
// a token that was not judged.
std::vector<std::size_t> document_starts(const LabText& text);

// Condenses rows of logits on several threads: rows are collected and shared out whole, so results do not
// depend on the number of threads.
class RowReader {
 public:
  RowReader(LabText& text, int vocabulary, int threads);

  // logits: (vocabulary,), those that led to `id` at `position`. Throws std::runtime_error naming the
  // position if they hold NaN or +inf, or nothing possible; perhaps only at a later call.
  void add(std::span<const float> logits, int position, int id);
  void finish();

 private:
  LabText& text_;
  std::size_t vocabulary_, capacity_;
  int threads_;
  std::vector<float> rows_;  // (collected_, vocabulary_)
  std::size_t collected_ = 0;
};

// logits: (vocabulary,); `states`: their condensation.
TokenFacts token_facts(std::span<const float> logits, const DensityOfStates& states, int position, int id);

}  // namespace kelvin
