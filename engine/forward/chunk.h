// A chunk of tokens on its way through the layers.
#pragma once

#include <span>

#include "engine/forward/part_times.h"
#include "engine/forward/rope_set.h"

namespace kelvin {
class InputObserver;
}

namespace kelvin::engine {

class KvCache;

// One token; one row of the activations.
struct Row {
  int feed;
  int token;
  int position;
  KvCache* cache;
  const RopeSet::Frequencies* frequencies;
  bool wanted;  // whether its logits are
};

// What all parts of the decoder know of the pass they are in.
struct Chunk {
  std::span<const Row> rows;
  InputObserver* input_observer = nullptr;
  PartClock clock;

  int size() const { return static_cast<int>(rows.size()); }
  // What was done since the last call was `part`.
  void profile(PassPart part) { clock.record(part); }
};

}  // namespace kelvin::engine
