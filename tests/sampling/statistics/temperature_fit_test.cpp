#include "sampling/statistics/temperature_fit.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "loaders/json/json_file.h"
#include "tests/support.h"

namespace kelvin {
namespace {

ObservedStep step(const std::vector<float>& logits, std::size_t observed) {
  return {DensityOfStates(logits), logits[observed]};
}

TEST_CASE("two states: beta is the log odds of what came over their distance") {
  for (const double distance : {0.5, 1.0, 40.0, 1e-20, 1e20})
    for (const int taken : {1, 3, 20, 61, 99}) {
      CAPTURE(distance);
      CAPTURE(taken);
      std::vector<ObservedStep> steps;
      for (int i = 0; i < 100; ++i) steps.push_back(step({0.0f, static_cast<float>(distance)}, i < taken));
      const double d = static_cast<float>(distance), p = taken / 100.0;
      const TemperatureFit fit = fit_temperature(steps);
      CHECK(fit.kind == FitKind::finite);
      CHECK(fit.beta * d == doctest::Approx(std::log(p / (1 - p))).epsilon(1e-12));
      CHECK(fit.nll == doctest::Approx(-100 * (p * std::log(p) + (1 - p) * std::log(1 - p))).epsilon(1e-12));
      CHECK(fit.standard_error * d == doctest::Approx(1 / std::sqrt(100 * p * (1 - p))).epsilon(1e-12));
      // Of identical steps drawn at one temperature the sandwich is the same.
      CHECK(fit.robust_error * d == doctest::Approx(fit.standard_error * d).epsilon(1e-12));
    }
}

TEST_CASE("the robust error sees what one temperature cannot explain") {
  // Where the offers are close the text is as sharp as can be, where they are far apart nearly blind.
  std::vector<ObservedStep> steps;
  for (int i = 0; i < 100; ++i) steps.push_back(step({0.0f, 1.0f}, 1));
  for (int i = 0; i < 100; ++i) steps.push_back(step({0.0f, 4.0f}, i < 60));
  const TemperatureFit fit = fit_temperature(steps);
  const TextStatistics s = text_statistics(steps, fit.beta);
  CHECK(std::fabs(s.gradient) < 1e-9 * 200);
  CHECK(fit.robust_error == doctest::Approx(std::sqrt(s.score_squares) / s.information));
  CHECK(fit.robust_error > 1.02 * fit.standard_error);
}

TEST_CASE("the start does not matter, and derivatives are those of the sum") {
  std::mt19937_64 random(5);
  std::vector<ObservedStep> steps;
  for (int t = 0; t < 50; ++t) {
    std::vector<float> logits(300);
    for (float& z : logits) z = std::normal_distribution<float>(0, 3)(random);
    steps.push_back(step(logits, random() % 300));
  }
  const double beta = fit_temperature(steps).beta;
  for (const double start : {-30.0, -0.2, 0.0, 7.0, 1e6})
    CHECK(fit_temperature(steps, start).beta == doctest::Approx(beta).epsilon(1e-11));
  for (const double at : {-1.3, -0.01, 0.4, 2.2}) {
    const double h = 1e-5;
    const TextStatistics low = text_statistics(steps, at - h), here = text_statistics(steps, at),
                         high = text_statistics(steps, at + h);
    CHECK(here.gradient == doctest::Approx((high.nll - low.nll) / (2 * h)).epsilon(1e-7));
    CHECK(here.information == doctest::Approx((high.gradient - low.gradient) / (2 * h)).epsilon(1e-7));
  }
}

TEST_CASE("texts without a finite temperature") {
  CHECK(fit_temperature({}).kind == FitKind::empty);
  const std::vector<ObservedStep> first = {step({0, 2, 2}, 1), step({5, 1, 3}, 0)};
  CHECK(fit_temperature(first).kind == FitKind::plus_infinity);
  CHECK(fit_temperature(first).temperature() == 0);
  CHECK(fit_temperature(first).nll == doctest::Approx(std::log(2.0)));
  const std::vector<ObservedStep> last = {step({0, 2, 2}, 0), step({5, 1, 3}, 1)};
  CHECK(fit_temperature(last).beta == -infinity);
  CHECK(std::signbit(fit_temperature(last).temperature()));
  const std::vector<ObservedStep> flat = {step({4, 4, 4}, 2)};
  CHECK(fit_temperature(flat).kind == FitKind::undetermined);
  CHECK(fit_temperature(flat).nll == doctest::Approx(std::log(3.0)));
  const float minus_infinity = -std::numeric_limits<float>::infinity();
  const std::vector<ObservedStep> forbidden = {step({0, 1}, 0), step({0, minus_infinity}, 1)};
  CHECK(fit_temperature(forbidden).kind == FitKind::forbidden);
  CHECK(fit_temperature(forbidden).forbidden_step == 1);
}

double number(const JsonValue& value) {
  if (value.is_string()) return value.as_string() == "inf" ? infinity : -infinity;
  return value.as_double();
}

TEST_CASE("fitted temperatures of high-precision arithmetic") {
  if (!test::shared_has("goldens/sampling/fit/fit.json")) return;
  const auto folder = test::shared_dir() / "goldens/sampling/fit";
  const std::map<std::string_view, FitKind> kinds = {{"finite", FitKind::finite},
                                                     {"plus_infinity", FitKind::plus_infinity},
                                                     {"minus_infinity", FitKind::minus_infinity},
                                                     {"undetermined", FitKind::undetermined},
                                                     {"empty", FitKind::empty},
                                                     {"impossible", FitKind::forbidden}};
  const JsonDocument goldens = load_json(folder / "fit.json");
  std::size_t cases = 0;
  for (const JsonValue golden : goldens.root().at("cases").items()) {
    ++cases;
    CAPTURE(golden.at("name").as_string());
    const auto logits =
        test::read_array<float>(folder / std::string(golden.at("logits").at("file").as_string()));
    const auto observed =
        test::read_array<std::int32_t>(folder / std::string(golden.at("observed").at("file").as_string()));
    const auto vocabulary = static_cast<std::size_t>(golden.at("vocab").as_int());
    std::vector<ObservedStep> steps;
    for (std::size_t t = 0; t < observed.size(); ++t) {
      const std::span<const float> row(logits.data() + t * vocabulary, vocabulary);
      steps.push_back({DensityOfStates(row), row[observed[t]]});
    }
    const TemperatureFit fit = fit_temperature(steps);
    CHECK(fit.kind == kinds.at(golden.at("kind").as_string()));
    if (fit.kind == FitKind::forbidden) {
      CHECK(fit.nll == infinity);
      CHECK(fit.forbidden_step == golden.at("first_bad_step").as_uint());
      continue;
    }
    CHECK(fit.nll == doctest::Approx(golden.at("nll").as_double()).epsilon(1e-10));
    if (fit.kind == FitKind::plus_infinity || fit.kind == FitKind::minus_infinity)
      CHECK(fit.beta == number(golden.at("beta")));
    if (fit.kind != FitKind::finite) continue;
    const double beta = golden.at("beta").as_double(), error = golden.at("se_beta").as_double();
    CHECK(std::fabs(fit.beta - beta) <= 1e-11 * std::fabs(beta));
    CHECK(std::fabs(fit.standard_error - error) <= 1e-8 * error);
    for (const auto& [at, nll] : golden.at("nll_at").members())
      CHECK(text_statistics(steps, std::stod(std::string(at))).nll ==
            doctest::Approx(nll.as_double()).epsilon(1e-10));
  }
  CHECK(cases > 0);
}

}  // namespace
}  // namespace kelvin
