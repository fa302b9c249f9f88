// What a chain did to one step, stage by stage. Filled only when asked for.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace kelvin {

// The distribution at one point of the chain: softmax of the logits there, at beta 1.
struct Snapshot {
  std::size_t possible = 0;  // tokens that can be drawn
  double entropy = 0;        // nats
  int top = -1;              // likeliest token, lowest id among equals
  double top_probability = 0;
};

// Where one token stands in such a distribution.
struct Standing {
  double probability = 0;
  double log_probability = -std::numeric_limits<double>::infinity();  // nats
  std::size_t rank = 0;  // 1: likeliest, lower ids first among equals; 0: impossible
};

struct StageTrace {
  std::string stage;  // "min-p=0.05"
  Snapshot before, after;
  std::size_t removed = 0;
  double removed_mass = 0;  // their probability before the stage
  int removed_top = -1;     // the likeliest of them, and its probability before; -1 if none was removed
  double removed_top_probability = 0;
  std::vector<int> removed_ids;    // if Trace::keep_ids
  std::vector<Standing> followed;  // of Trace::follow, after the stage
  bool rescued = false;            // the stage removed every token; the best one before it was put back
};

struct Trace {
  bool keep_ids = false;      // ask for the ids that each stage removed
  std::vector<int> follow;    // ask for the standing of these tokens after each stage
  std::vector<float> before;  // (vocabulary,) raw logits, after the check of non-finite ones
  std::vector<float> after;   // (vocabulary,) what the draw saw
  std::vector<StageTrace> stages;
  int drawn = -1;  // by Chain::sample
};

// Where `token` stands in `logits`, shape (vocabulary,).
Standing standing_of(std::span<const float> logits, int token);

// 1 + the number of tokens with larger logits, equal ones with lower ids included; 0 for an impossible token.
std::size_t rank_of(std::span<const float> logits,  // (vocabulary,)
                    int token);

}  // namespace kelvin
