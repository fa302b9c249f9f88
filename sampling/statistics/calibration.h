// Does a model know how sure it may be? Confidence is the largest probability of a step, accuracy how often
// that token came; where the two agree in every bin of confidence the model is calibrated (Guo et al. 2017,
// arXiv 1706.04599).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace kelvin {

struct Prediction {
  double confidence;  // largest probability
  bool right;         // that token came
};

struct ReliabilityBin {
  std::size_t count;
  double low, high;   // confidences in the bin, both included
  double confidence;  // mean
  double accuracy;    // share of right predictions
};

enum class Binning {
  equal_mass,   // as many predictions in each bin, as near as can be; equal confidences in order of steps
  equal_width,  // of [0, 1]
};

// Without the bins that stay empty, by ascending confidence.
std::vector<ReliabilityBin> reliability(std::span<const Prediction> predictions, Binning binning,
                                        int bins = 15);

// Sum over bins of share x |accuracy - confidence|; NaN for no prediction.
double expected_calibration_error(std::span<const ReliabilityBin> bins);

}  // namespace kelvin
