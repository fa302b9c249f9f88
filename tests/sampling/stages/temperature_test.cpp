#include "sampling/stages/temperature.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/chain_text.h"
#include "sampling/statistics/boltzmann.h"
#include "tests/sampling/applied.h"

using namespace kelvin;
using namespace kelvin::sampling;
using namespace kelvin::test;

namespace {

const std::vector<float> raw = {2.5f, -1.25f, 0.5f, impossible, 7.0f, -3.0f, 6.75f, 0.0f, 4.125f, impossible};

using kelvin::test::applied;
std::vector<float> applied(const std::string& text) { return applied(text, raw); }

double entropy(const std::vector<float>& logits) {
  return thermo(std::span<const float>(logits), 1.0).entropy;
}

void check_same(const std::vector<double>& a, const std::vector<double>& b, double epsilon) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(epsilon));
}

// The temperature between two sets of logits of the same tokens, from the odds of two of them.
double temperature_between(const std::vector<float>& before, const std::vector<float>& after) {
  return static_cast<double>(before[4] - before[0]) / static_cast<double>(after[4] - after[0]);
}

}  // namespace

TEST_CASE("a tempered softmax is the Boltzmann distribution at beta, for every temperature") {
  for (const char* text : {"0.001", "-0.001", "0.3", "0.8", "1", "1.7", "100", "1e5", "-1e5", "-0.7", "-2",
                           "0", "-0", "inf", "-inf", "1e-40", "-1e300"}) {
    CAPTURE(text);
    const double beta = beta_of(parse_number(text, "T"));
    check_same(probabilities(applied(std::string("temp=") + text)), probabilities(raw, beta), 2e-4);
    check_same(probabilities(applied(std::string("temp=") + text + ":origin=zero")), probabilities(raw, beta),
               2e-4);
  }
}

TEST_CASE("temperature 0 is argmax, -0 argmin, +-inf uniform; masks hold at all") {
  CHECK(applied("temp=0")[4] == 0);
  CHECK(probabilities(applied("temp=0"))[4] == 1);
  CHECK(probabilities(applied("temp=-0"))[5] == 1);
  for (const char* text : {"temp=inf", "temp=-inf", "beta=0", "beta=-0"}) {
    const auto p = probabilities(applied(text));
    for (std::size_t i = 0; i < p.size(); ++i)
      CHECK(p[i] == doctest::Approx(raw[i] == impossible ? 0.0 : 1.0 / 8));
  }
  const auto ties = applied("temp=0", {3, 1, 3, impossible});
  CHECK(ties == std::vector<float>{0, impossible, 0, impossible});
}

TEST_CASE("no temperature removes a token or makes a value that is not finite") {
  const std::vector<float> wide = {3e38f, -3e38f, 0, 1e-45f, impossible};
  for (const char* text : {"1e-300", "-1e-300", "1e-5", "-1e-5", "1", "-1", "1e300", "inf"})
    for (const char* origin : {"", ":origin=zero"}) {
      CAPTURE(text);
      const auto z = applied(std::string("temp=") + text + origin, wide);
      for (int i = 0; i < 4; ++i) CHECK(std::isfinite(z[static_cast<std::size_t>(i)]));
      CHECK(z[4] == impossible);
    }
}

TEST_CASE("beta is 1/T") {
  for (const double beta : {-4.0, -0.5, 0.25, 2.0})
    CHECK(applied("beta=" + number_text(beta)) == applied("temp=" + number_text(1 / beta)));
  CHECK(applied("beta=inf") == applied("temp=0"));
  CHECK(applied("beta=-inf") == applied("temp=-0"));
}

TEST_CASE("after a negative temperature, truncation keeps the least likely") {
  const auto z = applied("temp=-1,top-k=2");
  CHECK(z[5] != impossible);
  CHECK(z[1] != impossible);
  CHECK(z[4] == impossible);
}

TEST_CASE("dynamic temperature maps the share of the entropy, also inverted and negative") {
  const double n = 8;
  const double share = thermo(std::span<const float>(raw), 1.0).entropy / std::log(n);
  CHECK(temperature_between(raw, applied("temp-dynamic=1:0.5")) ==
        doctest::Approx(0.5 + share).epsilon(1e-6));
  CHECK(temperature_between(raw, applied("temp-dynamic=1:-0.5")) ==
        doctest::Approx(1.5 - share).epsilon(1e-6));
  CHECK(temperature_between(raw, applied("temp-dynamic=1.5:1:2")) ==
        doctest::Approx(0.5 + 2 * share * share).epsilon(1e-6));
  CHECK(temperature_between(raw, applied("temp-dynamic=-1:0.5")) ==
        doctest::Approx(-0.5 - share).epsilon(1e-6));
  CHECK(applied("temp-dynamic=1:0.5", {impossible, 3})[1] == 3);  // one token left: nothing to do
}

TEST_CASE("temperature by the top probability") {
  const double top = probabilities(raw)[4];
  CHECK(temperature_between(raw, applied("temp-top=0.4:2")) ==
        doctest::Approx(0.4 + 1.6 * (1 - top)).epsilon(1e-6));
  CHECK(temperature_between(raw, applied("temp-top=0.4:2:3")) ==
        doctest::Approx(0.4 + 1.6 * std::pow(1 - top, 3)).epsilon(1e-6));
}

TEST_CASE("the entropy is held at its target on both sides of beta 0") {
  for (const double target : {0.05, 0.5, 1.0, 1.7, 2.05})
    for (const char* side : {"positive", "negative"}) {
      CAPTURE(target);
      const auto z = applied("temp-entropy=" + number_text(target) + ":" + side);
      CHECK(entropy(z) == doctest::Approx(target).epsilon(1e-5));
      CHECK((z[4] > z[5]) == (std::string(side) == "positive"));
    }
  CHECK(entropy(applied("temp-entropy=50")) == doctest::Approx(std::log(8.0)));
  CHECK(entropy(applied("temp-entropy=0")) == 0);
  CHECK(entropy(applied("temp-entropy=1", {2, 2, 2, 2})) == doctest::Approx(std::log(4.0)));
  CHECK(entropy(applied("temp-entropy=0.5", {2, 2, 2, impossible})) == doctest::Approx(std::log(3.0)));
  CHECK(entropy(applied("temp-entropy=1.2", {1e30f, -1e30f, 3e29f, 1e10f})) ==
        doctest::Approx(1.2).epsilon(1e-4));
}

TEST_CASE("a schedule sees the step, the position and the distribution") {
  const std::vector<int> tokens = {9, 9, 9, 1, 2};
  CHECK(temperature_between(raw, applied("temp-schedule='step + position / 10'", raw, tokens, 3)) ==
        doctest::Approx(2.5).epsilon(1e-6));
  CHECK(temperature_between(raw, applied("temp-schedule=H + 1", raw)) ==
        doctest::Approx(1 + entropy(raw)).epsilon(1e-6));
  // Var(-ln p) = <ln^2 p> - <ln p>^2, here and behind another temperature.
  for (const char* before : {"", "temp=0.6,", "temp=-1.7,"}) {
    const auto here = applied(std::string(before) + "temp=1");
    double mean = 0, square = 0;
    for (const double p : probabilities(here))
      if (p > 0) {
        mean += p * std::log(p);
        square += p * std::log(p) * std::log(p);
      }
    CHECK(temperature_between(here, applied(std::string(before) + "temp-schedule=0.3 + varentropy")) ==
          doctest::Approx(0.3 + square - mean * mean).epsilon(1e-5));
  }
  CHECK(temperature_between(raw, applied("temp-schedule=top * n", raw)) ==
        doctest::Approx(8 * probabilities(raw)[4]).epsilon(1e-6));
  CHECK(temperature_between(raw, applied("temp-schedule=step % 8 == 0 ? -1 : 0.8", raw)) ==
        doctest::Approx(-1).epsilon(1e-6));
  CHECK(applied("temp-schedule=step % 2 == 0 ? 2 : 3,min-p=0.5", raw) == applied("temp=2,min-p=0.5"));
  CHECK_THROWS_AS(applied("temp-schedule=0/0"), std::runtime_error);
  CHECK_THROWS_AS(Chain::parse("temp-schedule=1 +"), UserError);
  CHECK_THROWS_AS(Chain::parse("temp-schedule"), UserError);
}

TEST_CASE("a schedule hears the surprise of the last token") {
  const Chain chain = Chain::parse("temp-schedule='1 + surprise'");
  ChainState state;
  auto z = raw;
  chain.apply(z, Step{}, state);
  CHECK(temperature_between(raw, z) == doctest::Approx(1).epsilon(1e-6));
  chain.accept(0, Step{}, state);
  z = raw;
  chain.apply(z, Step{}, state);
  CHECK(temperature_between(raw, z) == doctest::Approx(1 - std::log(probabilities(raw)[0])).epsilon(1e-6));
}
