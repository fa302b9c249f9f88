// What a chain did to one step, stage by stage. Filled only when asked for.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sampling/statistics/token_view.h"

namespace kelvin {

// The distribution at one point of the chain: softmax of the logits there, at beta 1.
struct Snapshot {
  std::size_t possible = 0;  // tokens that can be drawn
  double entropy = 0;        // nats
  int top = -1;              // likeliest token, lowest id among equals
  double top_probability = 0;
};

struct StageTrace {
  std::string stage;  // "min-p=0.05"
  Snapshot before, after;
  std::size_t removed = 0;
  double removed_mass = 0;  // their probability before the stage
  int removed_top = -1;     // the likeliest of them, and its probability before; -1 if none was removed
  double removed_top_probability = 0;
  std::vector<int> removed_ids;     // if Trace::keep_ids
  std::vector<TokenRank> followed;  // of Trace::follow, after the stage
  bool kept_last = false;           // the stage removed every token; the best one before it was put back
  bool acted_first = false;         // a ban, ahead of all stages that are none: they had left it no token
};

struct Trace {
  bool keep_ids = false;      // ask for the ids that each stage removed
  std::vector<int> follow;    // ask for the standing of these tokens after each stage
  std::vector<float> before;  // (vocabulary,) raw logits, after the check of non-finite ones
  std::vector<float> after;   // (vocabulary,) what the draw saw
  std::vector<StageTrace> stages;
  int drawn = -1;  // by Chain::sample
};

}  // namespace kelvin
