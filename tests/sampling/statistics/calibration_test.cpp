#include "sampling/statistics/calibration.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace kelvin {

TEST_CASE("equal-mass bins share the predictions out in order of confidence") {
  std::vector<Prediction> predictions;
  // Confidence k / 30 for k = 30 .. 1; right where k > 10.
  for (int k = 30; k >= 1; --k) predictions.push_back({k / 30.0, k > 10});
  const auto bins = reliability(predictions, Binning::equal_mass, 3);
  REQUIRE(bins.size() == 3);
  for (const auto& bin : bins) CHECK(bin.count == 10);
  CHECK(bins[0].accuracy == 0);
  CHECK(bins[0].confidence == doctest::Approx(5.5 / 30));
  CHECK(bins[1].accuracy == 1);
  CHECK(bins[1].low == doctest::Approx(11 / 30.0));
  CHECK(bins[2].high == 1);
  CHECK(expected_calibration_error(bins) ==
        doctest::Approx((5.5 / 30 + (1 - 15.5 / 30) + (1 - 25.5 / 30)) / 3));
}

TEST_CASE("equal-width bins cut [0, 1] and leave out what is empty") {
  const std::vector<Prediction> predictions = {{0.05, false}, {0.95, true}, {0.97, false}, {0.2, true}};
  const auto bins = reliability(predictions, Binning::equal_width, 5);
  REQUIRE(bins.size() == 2);
  CHECK(bins[0].count == 2);  // 0.2 is the end of the first fifth
  CHECK(bins[1].confidence == doctest::Approx(0.96));
  CHECK(bins[1].accuracy == 0.5);
  CHECK(expected_calibration_error(bins) == doctest::Approx(0.5 * (0.5 - 0.125) + 0.5 * (0.96 - 0.5)));
}

TEST_CASE("fewer predictions than bins, and none") {
  const std::vector<Prediction> two = {{0.4, true}, {0.6, false}};
  CHECK(reliability(two, Binning::equal_mass, 15).size() == 2);
  CHECK(reliability({}, Binning::equal_mass, 15).empty());
  CHECK(std::isnan(expected_calibration_error({})));
}

}  // namespace kelvin
