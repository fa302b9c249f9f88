// What the parts of a forward pass have to read and to compute: against the limits of the machine the least
// time they can take.
#pragma once

#include <array>
#include <vector>

#include "engine/forward/model.h"
#include "engine/forward/part_times.h"
#include "tools/bench/machine_limits.h"

namespace kelvin {

// Runs over the weights, one after the other.
struct Pass {
  int position;   // of the first token
  int tokens;     // of each sequence
  int sequences;  //
  int wanted;     // rows whose logits are made
};

std::vector<Pass> prefill_passes(int tokens);
// `tokens` each of `sequences`, one by one from position `first` on.
std::vector<Pass> decode_passes(int first, int tokens, int sequences);

struct Work {
  double bytes = 0;       // of weights, keys and values
  double operations = 0;  // multiplications and additions
  bool integers = false;  // in 8 bits

  // The least seconds: by reading or by computing, whichever takes longer.
  double min_seconds(const MachineLimits& limits) const;
};

using PartWork = std::array<Work, part_count>;

PartWork part_work(const Model& model, const std::vector<Pass>& passes);
double bytes_of(const PartWork& work);
double operations_of(const PartWork& work);

}  // namespace kelvin
