// Memory that the stages of a chain share.
#pragma once

#include <cstdint>
#include <vector>

#include "sampling/candidate.h"

namespace kelvin {

// Buffers that stages of one chain share within a step, so that steps after the first allocate nothing.
struct Scratch {
  Scratch() = default;
  // A copy has buffers of its own: what these hold is of no use beyond the step.
  Scratch(const Scratch&) {}
  Scratch& operator=(const Scratch&) { return *this; }
  Scratch(Scratch&&) = default;
  Scratch& operator=(Scratch&&) = default;

  std::vector<double> weights;               // exp(z - max) by id
  std::vector<float> keys;                   // by id
  std::vector<Candidate> candidates, spare;  // (vocabulary,), in use as far as there are candidates
  std::vector<float> sample;                 // of keys
  std::vector<std::uint32_t> counts;         // (vocabulary,) by id; all 0 between uses
  std::vector<int> ids;
  std::vector<double> ranked;  // by rank
  std::vector<float> raw;      // by id: what the model gave, where a chain may have to start again
  std::vector<float> edited;   // by id, of the chain
};

}  // namespace kelvin
