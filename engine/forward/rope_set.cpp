#include "engine/forward/rope_set.h"

#include <algorithm>
#include <climits>

namespace kelvin::engine {

RopeSet::RopeSet(std::span<const RopeSpec> specs) {
  for (const RopeSpec& spec : specs) {
    ropes_.emplace_back(spec);
    first_pairs_.push_back(pairs_);
    pairs_ += ropes_.back().pairs();
  }
}

int RopeSet::frequency_set(int length) const {
  // A set is named by the least length that has it, so the latest change of any rope names them all.
  int latest = 0;
  for (const Rope& rope : ropes_) latest = std::max(latest, rope.frequency_set(length));
  return latest;
}

int RopeSet::last_length(int length) const {
  int first = INT_MAX;
  for (const Rope& rope : ropes_) first = std::min(first, rope.last_length(length));
  return first;
}

RopeSet::Frequencies RopeSet::frequencies(int set) const {
  Frequencies all;
  for (const Rope& rope : ropes_) {
    const std::vector<float> some = rope.frequencies(rope.frequency_set(set));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

void RopeSet::angles(const Frequencies& frequencies, int position, float* cosines, float* sines) const {
  for (std::size_t i = 0; i < ropes_.size(); ++i) {
    const std::size_t first = static_cast<std::size_t>(first_pairs_[i]);
    const std::span some(frequencies.data() + first, static_cast<std::size_t>(ropes_[i].pairs()));
    ropes_[i].angles(some, position, cosines + first, sines + first);
  }
}

}  // namespace kelvin::engine
