#include "tools/lab/sweep/lab_sweep.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tools/lab/sweep/sweep_report.h"

namespace kelvin {
namespace {

std::vector<std::vector<float>> rows(int count, int vocabulary) {
  std::mt19937_64 random(11);
  std::vector<std::vector<float>> result(static_cast<std::size_t>(count),
                                         std::vector<float>(static_cast<std::size_t>(vocabulary)));
  for (auto& row : result)
    for (float& z : row) z = std::normal_distribution<float>(1, 3)(random);
  return result;
}

TEST_CASE("a sweep is the mean of boltzmann.h over steps, and its checks hold") {
  const auto logits = rows(7, 500);
  std::vector<ObservedStep> steps;
  for (std::size_t t = 0; t < logits.size(); ++t)
    steps.push_back({DensityOfStates(logits[t]), logits[t][t * 31]});
  const std::vector<double> betas = {infinity, 4.0, 1.0, 0.37, 0.0, -0.02, -1.3, -infinity};
  const auto points = sweep(steps, betas, 2);
  REQUIRE(points.size() == betas.size());
  for (std::size_t i = 0; i < betas.size(); ++i) {
    CAPTURE(betas[i]);
    double nll = 0, entropy = 0, energy = 0, free_energy = 0, capacity = 0;
    for (std::size_t t = 0; t < logits.size(); ++t) {
      const Thermo exact = thermo(std::span<const float>(logits[t]), betas[i]);
      nll -= exact.log_p(steps[t].observed) / 7;
      entropy += exact.entropy / 7;
      energy -= exact.mean / 7;
      free_energy += exact.free_energy / 7;
      capacity += exact.heat_capacity / 7;
    }
    if (std::isfinite(nll)) CHECK(points[i].nll == doctest::Approx(nll).epsilon(1e-10));
    if (!std::isfinite(nll)) CHECK(points[i].nll == infinity);
    CHECK(points[i].entropy == doctest::Approx(entropy).epsilon(1e-10));
    CHECK(points[i].energy == doctest::Approx(energy).epsilon(1e-10));
    if (betas[i] != 0) CHECK(points[i].free_energy == doctest::Approx(free_energy).epsilon(1e-10));
    if (betas[i] == 0) CHECK(std::isnan(points[i].free_energy));
    CHECK(points[i].heat_capacity == doctest::Approx(capacity).epsilon(1e-10));
    if (std::isinf(betas[i])) continue;
    CHECK(points[i].heat_capacity_check == doctest::Approx(points[i].heat_capacity).epsilon(1e-6));
    CHECK(points[i].beta_check == doctest::Approx(betas[i]).epsilon(1e-6));
  }
  CHECK(checks_of(points).heat_capacity < 1e-6);
  CHECK(points[0].top_mass == 1);
}

TEST_CASE("temperatures are ordered from the coldest through infinity to the other end") {
  CHECK(betas_of_temperatures("1,inf,-2,0,-0,0.5") ==
        std::vector<double>{infinity, 2, 1, 0, -0.5, -infinity});
  const auto range = betas_of_temperatures("0.1:10:5");
  REQUIRE(range.size() == 5);
  CHECK(range[0] == doctest::Approx(10));
  CHECK(range[2] == doctest::Approx(1));
  CHECK(range[4] == doctest::Approx(0.1));
  CHECK(betas_of_temperatures("-4:-1:3")[1] == doctest::Approx(-0.5));
  CHECK(betas_of("-1:1:5") == std::vector<double>{1, 0.5, 0, -0.5, -1});
  for (const char* wrong : {"", "a", "1,,2", "1:2", "1:2:1", "-1:1:5", "0:1:3", "1:inf:4", "1:2:3:4", "nan"})
    CHECK_THROWS_AS(betas_of_temperatures(wrong), UserError);
  CHECK(default_betas().front() == infinity);
  CHECK(default_betas().back() == -infinity);
  const auto usual = default_betas(), listed = short_list_of_betas();
  CHECK(std::includes(usual.begin(), usual.end(), listed.begin(), listed.end(), std::greater<>()));
}

TEST_CASE("draws differ more the hotter it is, on either side of infinity") {
  const auto row = rows(1, 400)[0];
  const int frozen = distinct_draws(row, infinity, 60, 1, 5), cool = distinct_draws(row, 1.0, 60, 1, 5),
            hot = distinct_draws(row, 0.0, 60, 1, 5), below = distinct_draws(row, -1.0, 60, 1, 5);
  CHECK(frozen == 1);
  CHECK(cool > frozen);
  CHECK(hot > cool);
  // 60 draws of 400 equal tokens: 55.8 different ones on average, standard deviation 1.8.
  CHECK(hot >= 49);
  CHECK(below < hot);
  CHECK(distinct_draws(row, -infinity, 60, 1, 5) == 1);
}

TEST_CASE("every form of the report holds every temperature") {
  const auto logits = rows(2, 50);
  std::vector<ObservedStep> steps;
  for (const auto& row : logits) steps.push_back({DensityOfStates(row), row[3]});
  const auto betas = betas_of_temperatures("0,0.5,1,inf,-1,-0");
  const SweepReport report{"a <text>", 2, sweep(steps, betas, 1), betas};
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  CHECK(lines(sweep_table(report)) == 10);
  CHECK(lines(sweep_csv(report)) == 7);
  CHECK(lines(sweep_json(report)) == 6);
  CHECK(sweep_csv(report).find("\n0,inf,inf,inf,0,") != std::string::npos);
  CHECK(sweep_json(report).find("{\"T\":\"inf\",\"beta\":0,") != std::string::npos);
  const std::string page = sweep_html(report, {});
  CHECK(page.find("a &lt;text&gt;") != std::string::npos);
  CHECK(page.find("nan") == std::string::npos);
  CHECK(page.find("http://") == page.find("http://www.w3.org/2000/svg"));
  CHECK(phase_picture(report).size() == 4);
}

}  // namespace
}  // namespace kelvin
