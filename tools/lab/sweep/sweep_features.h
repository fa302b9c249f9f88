// Where a sweep has something to say: peaks of the heat capacity, and temperatures over which the entropy stands still.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tools/lab/sweep/lab_sweep.h"

namespace kelvin {

struct SweepFeature {
  enum class Kind {
    peak,     // of C over |T| on one side of 0
    plateau,  // of S: C = dS / d ln|T| has a minimum below a fifth of S between two peaks
  };
  Kind kind;
  SweepPoint at;  // its top, or its middle
  // Points around a peak, coldest first, close enough for a round curve.
  std::vector<SweepPoint> around = {};
  bool is_highest = false;  // the peak of its side
};

// All between |T| = 0.002 and 50 on both sides, the coldest first; the temperature of each to 1e-4 of itself. Peaks that
// rise by less than 2 % above the valley beside them, or to less than a tenth of the highest, are left out. Steps as for sweep().
std::vector<SweepFeature> sweep_features(std::span<const ObservedStep> steps, int threads);

// A sentence about each, with its figures.
std::string in_words(const SweepFeature& feature);

}  // namespace kelvin
