// How well is a text's calibration known, and at which temperature is the model calibrated on it? The expected
// calibration error with error bars, what it would be by chance alone, and the temperature where it is least.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "sampling/statistics/calibration.h"

namespace kelvin {

struct CalibrationErrorOptions {
  Binning binning = Binning::equal_mass;
  int bins = 15;
  int replicates = 200;    // of the bootstrap
  int simulations = 400;   // of a calibrated model
  std::uint64_t seed = 0;  // of both
  int threads = 1;
};

struct CalibrationError {
  double ece;
  // Standard deviation over circular blocks of block_length() consecutive steps drawn anew (Kuensch 1989; Politis and
  // Romano 1992), as neighbouring tokens err together; NaN for fewer than eight steps.
  double error;
  // The mean of a model whose every confidence is true, and what it exceeds in one case of twenty: with few steps in a bin
  // the error cannot be small.
  double if_calibrated, if_calibrated_95;
  bool is_bias() const { return ece <= if_calibrated_95; }
};

// predictions: in the order of the text.
CalibrationError calibration_error(std::span<const Prediction> predictions,
                                   const CalibrationErrorOptions& options = {});

// The steps that are drawn together: the cube root of their number, which the error of a mean asks for (Hall et al. 1995).
std::size_t block_length(std::size_t steps);

struct CalibrationFit {
  double beta;       // of the least error on the grid; the one nearest to 1 of equals
  double low, high;  // 95 % of the same of bootstrap samples; NaN for fewer than eight steps
  bool at_end;       // of the grid, so that it may lie beyond
  std::vector<std::pair<double, double>> curve;  // (beta, ece), ascending
};

// Of the betas 2^(k/16), k = -48 .. 48, and `also`, where that is above 0, the one where the expected calibration error is
// least. predictions(beta): of the same steps in the same order, at any beta > 0.
CalibrationFit fit_calibration(const std::function<std::vector<Prediction>(double beta)>& predictions,
                               const CalibrationErrorOptions& options = {}, double also = 0);

}  // namespace kelvin
