#include "tools/lab/thermometer/calibration_fit.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "sampling/noise.h"

namespace kelvin {
namespace {

// A model whose first choice has the logit `a` above all others together: confidence 1 / (1 + exp(-beta a)). It comes as
// often as at `truth`.
std::vector<Prediction> made(std::size_t steps, double truth, double beta, std::uint64_t seed) {
  const Noise noise(seed, 0, 0);
  std::vector<Prediction> predictions;
  for (std::size_t t = 0; t < steps; ++t) {
    const double a = 4 * noise.uniform(static_cast<int>(2 * t));
    const bool right = noise.uniform(static_cast<int>(2 * t + 1)) < 1 / (1 + std::exp(-truth * a));
    predictions.push_back({1 / (1 + std::exp(-beta * a)), right});
  }
  return predictions;
}

TEST_CASE("a model that knows is called calibrated, one that boasts is not") {
  const auto honest = calibration_error(made(3000, 1, 1, 5)),
             boasting = calibration_error(made(3000, 0.4, 1, 5));
  CHECK(honest.is_bias());
  CHECK(!boasting.is_bias());
  CHECK(boasting.ece > 0.1);
  // Mean of |binomial error| over 15 bins of 200: sqrt(2 p (1 - p) / (200 pi)), p from 0.5 to 0.98, is 0.024 on average.
  CHECK(honest.if_calibrated == doctest::Approx(0.024).epsilon(0.15));
  // Bins of a tenth of the tokens: sqrt(10) times as much.
  CHECK(calibration_error(made(300, 1, 1, 6)).if_calibrated / honest.if_calibrated ==
        doctest::Approx(std::sqrt(10.0)).epsilon(0.15));
}

TEST_CASE("the standard error is that of texts drawn anew") {
  double sum = 0, squares = 0;
  constexpr int texts = 60;
  for (int i = 0; i < texts; ++i) {
    const double ece = calibration_error(made(1500, 0.4, 1, 100 + static_cast<std::uint64_t>(i)),
                                         {.replicates = 2, .simulations = 2})
                           .ece;
    sum += ece;
    squares += ece * ece;
  }
  const double deviation = std::sqrt((squares - sum * sum / texts) / (texts - 1));
  CHECK(calibration_error(made(1500, 0.4, 1, 7)).error == doctest::Approx(deviation).epsilon(0.3));
}

TEST_CASE("the beta of the least error is the one at which the model knows") {
  for (const double truth : {0.5, 1.0, 2.0}) {
    CAPTURE(truth);
    const CalibrationFit fit =
        fit_calibration([&](double beta) { return made(4000, truth, beta, 9); }, {.replicates = 60});
    CHECK(fit.low <= truth * 1.05);
    CHECK(fit.high >= truth / 1.05);
    CHECK(fit.beta == doctest::Approx(truth).epsilon(0.2));
    CHECK(fit.high / fit.low < 2);
    CHECK(!fit.at_end);
    REQUIRE(fit.curve.size() == 97);
    CHECK(fit.curve[48].first == 1);
    CHECK(fit.curve[0].first == 0.125);
    const double least =
        expected_calibration_error(reliability(made(4000, truth, fit.beta, 9), Binning::equal_mass));
    for (const auto& [beta, ece] : fit.curve) CHECK(ece >= least);
  }
}

TEST_CASE("a bootstrap of equal steps has no spread, and few steps have no error") {
  const std::vector<Prediction> equal(40, {0.75, true});
  CHECK(calibration_error(equal).error == doctest::Approx(0).scale(1));
  CHECK(calibration_error(equal).ece == 0.25);
  CHECK(std::isnan(calibration_error(std::vector<Prediction>(7, {0.5, true})).error));
  CHECK(std::isnan(calibration_error({}).ece));
  CHECK(block_length(7) == 2);
  CHECK(block_length(2004) == 13);
}

TEST_CASE("errors are the same on any number of threads, and in bins of equal width") {
  const auto text = made(700, 0.6, 1, 3);
  const auto one = calibration_error(text), four = calibration_error(text, {.threads = 4});
  CHECK(one.error == four.error);
  CHECK(one.if_calibrated_95 == four.if_calibrated_95);
  const auto wide = calibration_error(text, {.binning = Binning::equal_width});
  CHECK(wide.ece == expected_calibration_error(reliability(text, Binning::equal_width)));
  CHECK(wide.error == doctest::Approx(one.error).epsilon(0.4));
  CHECK(wide.if_calibrated < one.if_calibrated);  // confidences above 0.5 lie in eight of the bins
}

}  // namespace
}  // namespace kelvin
