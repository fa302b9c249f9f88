#include "sampling/statistics/boltzmann.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/sampling/goldens.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();

std::vector<float> some_logits() { return {2.5f, -1.25f, 0.5f, 7.0f, -3.0f, 6.75f, 0.0f, 4.125f}; }

// How far two doubles are apart, in representable numbers.
double ulps(double found, double expected) {
  if (found == expected) return 0;
  return std::abs(found - expected) / (std::nextafter(std::abs(expected), infinity) - std::abs(expected));
}

}  // namespace

TEST_CASE("exp, log and log1p are right to an ulp") {
  for (int i = -7450; i <= 7090; ++i) {
    const double x = i * 0.1 + 0.0123;
    REQUIRE(ulps(exp_exact(x), static_cast<double>(std::exp(static_cast<long double>(x)))) <= 1.01);
  }
  for (int i = -1070; i <= 1020; ++i)
    for (const double m : {1.0, 1.0000001, 1.19, 1.4142135, 1.4142136, 1.77, 1.9999999}) {
      const double x = std::ldexp(m, i);
      REQUIRE(ulps(log_exact(x), static_cast<double>(std::log(static_cast<long double>(x)))) <= 1.01);
    }
  for (int i = -300; i <= 300; ++i)
    REQUIRE(ulps(log1p_exact(std::pow(10.0, i)),
                 static_cast<double>(std::log1p(static_cast<long double>(std::pow(10.0, i))))) <= 2.5);
  CHECK(exp_exact(0) == 1);
  CHECK(exp_exact(-infinity) == 0);
  CHECK(exp_exact(infinity) == infinity);
  CHECK(exp_exact(-745.2) == 0);
  CHECK(log_exact(1) == 0);
  CHECK(log_exact(0) == -infinity);
  CHECK(log_exact(-1) != log_exact(-1));
}

TEST_CASE("statistics equal the high-precision goldens") {
  const auto folder = golden_folder("thermo");
  int sets = 0;
  for (const auto& path : golden_files(folder)) {
    const JsonDocument golden = golden_json(path);
    const JsonValue root = golden.root();
    CAPTURE(path.filename().string());
    const auto logits = read_array<float>(folder / root.at("logits").at("file").as_string());
    const auto log_p = read_array<double>(folder / root.at("log_p").at("file").as_string());
    const JsonValue betas = root.at("betas");
    const std::size_t ids = log_p.size() / betas.size();
    std::size_t row = 0;
    ++sets;
    for (const JsonValue& at : betas.items()) {
      const double beta = golden_number(at.at("beta"));
      CAPTURE(beta);
      const Thermo t = thermo(std::span<const float>(logits), beta);
      // Where <z> nearly cancels, its error is relative to the logits it is made of.
      const double size = std::abs(t.extreme) < infinity ? std::abs(t.extreme) + std::sqrt(t.variance) : 0;
      CHECK(near(t.log_z, golden_number(at.at("log_z")), 1e-12, 1e-15 * std::abs(beta) * size));
      CHECK(near(t.log_z_shifted, golden_number(at.at("log_z_shifted")), 1e-12));
      CHECK(near(t.mean, golden_number(at.at("mean_logit")), 1e-12, 1e-14 * size));
      CHECK(near(t.variance, golden_number(at.at("var")), 1e-12));
      CHECK(near(t.heat_capacity, golden_number(at.at("heat_capacity")), 1e-12));
      CHECK(near(t.entropy, golden_number(at.at("entropy")), 1e-12));
      CHECK(near(t.free_energy, golden_number(at.at("free_energy")), 1e-12, 1e-14 * size));
      if (const auto ties = at.find("degeneracy")) CHECK(static_cast<double>(t.ties) == golden_number(*ties));
      std::vector<double> own(logits.size());
      log_softmax(std::span<const float>(logits), beta, std::span<double>(own));
      const auto sampled = root.find("sampled_ids");
      std::size_t column = 0;
      const auto compare = [&](std::size_t id) {
        CAPTURE(id);
        CHECK(near(own[id], log_p[row * ids + column++], 1e-12));
      };
      if (sampled)
        for (const JsonValue& id : sampled->items()) compare(static_cast<std::size_t>(id.as_uint()));
      else
        for (std::size_t id = 0; id < ids; ++id) compare(id);
      ++row;
    }
  }
  CHECK(sets >= 21);
}

TEST_CASE("odds change by the factor exp(beta dz), and probabilities sum to 1") {
  const auto logits = some_logits();
  for (const double beta : {-3.0, -0.5, -1e-9, 0.0, 0.25, 1.0, 1.7}) {
    std::vector<double> p(logits.size());
    softmax(std::span<const float>(logits), beta, std::span<double>(p));
    double sum = 0;
    for (std::size_t a = 0; a < p.size(); ++a) {
      sum += p[a];
      for (std::size_t b = 0; b < p.size(); ++b) {
        const double dz = static_cast<double>(logits[a]) - static_cast<double>(logits[b]);
        CHECK(std::log(p[a] / p[b]) == doctest::Approx(beta * dz).epsilon(1e-12));
      }
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-14));
  }
}

TEST_CASE("beta and -beta exchange when all logits change sign") {
  const auto logits = some_logits();
  auto mirrored = logits;
  for (float& z : mirrored) z = -z;
  for (const double beta : {0.0, 0.3, 1.0, 2.5, infinity}) {
    const Thermo a = thermo(std::span<const float>(logits), beta),
                 b = thermo(std::span<const float>(mirrored), -beta);
    CHECK(a.entropy == b.entropy);
    CHECK(a.variance == b.variance);
    CHECK(a.mean == -b.mean);
    CHECK(a.log_z == b.log_z);
  }
}

TEST_CASE("thermodynamic identities by finite differences") {
  const auto logits = some_logits();
  for (const double beta : {-1.3, -0.2, 0.4, 1.0, 2.0}) {
    const double h = 1e-4;
    const auto at = [&](double b) { return thermo(std::span<const float>(logits), b); };
    const Thermo low = at(beta - h), mid = at(beta), high = at(beta + h);
    CHECK((high.log_z - low.log_z) / (2 * h) == doctest::Approx(mid.mean).epsilon(1e-7));
    CHECK((high.mean - low.mean) / (2 * h) == doctest::Approx(mid.variance).epsilon(1e-6));
    CHECK((high.entropy - low.entropy) / (low.mean - high.mean) ==
          doctest::Approx(beta).epsilon(1e-6));  // dS/dE = 1/T
    CHECK(mid.free_energy == doctest::Approx(-mid.mean - mid.entropy / beta).epsilon(1e-13));
  }
}

TEST_CASE("a mask holds at every beta") {
  auto logits = some_logits();
  logits[3] = logits[4] = static_cast<float>(-infinity);
  for (const double beta : {-infinity, -2.0, -1e-300, -0.0, 0.0, 1e-300, 0.7, infinity}) {
    std::vector<double> p(logits.size());
    const Thermo t = softmax(std::span<const float>(logits), beta, std::span<double>(p));
    CHECK(t.possible == 6);
    CHECK(p[3] == 0);
    CHECK(p[4] == 0);
  }
}

TEST_CASE("doubles of any range keep finite results") {
  const std::vector<double> wide = {1e308, -1e308, 0.0, -infinity};
  for (const double beta : {-1.0, 0.0, 1e-308, 1.0, 1e308}) {
    std::vector<double> p(4);
    const Thermo t = softmax(std::span<const double>(wide), beta, std::span<double>(p));
    CHECK(t.entropy == t.entropy);
    CHECK(p[0] + p[1] + p[2] == doctest::Approx(1).epsilon(1e-12));
    CHECK(p[3] == 0);
  }
}

TEST_CASE("NaN and nothing possible are refused") {
  const std::vector<float> bad = {1.0f, static_cast<float>(nan_value)},
                           none(3, static_cast<float>(-infinity)), good = {1.0f};
  CHECK_THROWS_AS(thermo(std::span<const float>(bad), 1.0), std::invalid_argument);
  CHECK_THROWS_AS(thermo(std::span<const float>(none), 1.0), std::invalid_argument);
  CHECK_THROWS_AS(thermo(std::span<const float>(good), nan_value), std::invalid_argument);
  const std::vector<float> certain = {static_cast<float>(infinity)};
  CHECK_THROWS_AS(thermo(std::span<const float>(certain), -1.0), std::invalid_argument);
}
