#include "sampling/noise.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "sampling/chain.h"
#include "sampling/statistics/boltzmann.h"
#include "tests/support.h"

using namespace kelvin;

namespace {

// The largest sum, token by token: what draw() has to find with all its short cuts.
int plain_draw(const std::vector<float>& logits, const Noise& noise) {
  int winner = -1;
  double best = -infinity;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] == impossible) continue;
    const double sum = static_cast<double>(logits[i]) + noise.gumbel(static_cast<int>(i));
    if (sum > best) {
      best = sum;
      winner = static_cast<int>(i);
    }
  }
  return winner;
}

std::vector<float> spread_logits(std::size_t n, double width) {
  std::vector<float> logits(n);
  const Noise noise(99, 0, n);
  for (std::size_t i = 0; i < n; ++i)
    logits[i] = static_cast<float>(width * noise.gumbel(static_cast<int>(i)));
  return logits;
}

// The value that a chi-square variable of `freedom` degrees exceeds with probability about 1e-4 (Wilson and
// Hilferty 1931).
double chi_square_limit(double freedom) {
  const double z = 3.719, c = 2 / (9 * freedom);
  return freedom * std::pow(1 - c + z * std::sqrt(c), 3);
}

// Chi-square of `draws` counts against softmax(logits); classes expected fewer than 5 times are joined.
struct Fit {
  double chi_square = 0, freedom = -1;
};
Fit fit(const std::vector<float>& logits, const std::vector<double>& counts, double draws) {
  std::vector<double> p(logits.size());
  softmax(std::span<const float>(logits), 1.0, std::span<double>(p));
  Fit result;
  double rare_expected = 0, rare_seen = 0;
  const auto add = [&](double seen, double expected) {
    result.chi_square += (seen - expected) * (seen - expected) / expected;
    result.freedom += 1;
  };
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] * draws >= 5) {
      add(counts[i], p[i] * draws);
    } else {
      rare_expected += p[i] * draws;
      rare_seen += counts[i];
    }
  }
  if (rare_expected >= 5) add(rare_seen, rare_expected);
  if (rare_expected < 1e-9) CHECK(rare_seen == 0);
  return result;
}

}  // namespace

TEST_CASE("the noise is the published function") {
  // Worked out with the definition in noise.h, in another language.
  CHECK(Noise(0, 0, 0).bits(0) == 0x16044edfb4e71354u);
  CHECK(Noise(42, 3, 1000).bits(128255) == 0x37a696da3e78b4c2u);
  CHECK(Noise(~std::uint64_t{0}, 1, 7).bits(5) == 0x94c0933d80227ea5u);
  CHECK(Noise::to_unit(0) == 0x1p-53);
  CHECK(Noise::to_unit(~std::uint64_t{0}) == 1 - 0x1p-53);
  const double u = Noise(42, 0, 0).uniform(17);
  CHECK(Noise(42, 0, 0).gumbel(17) == doctest::Approx(-std::log(-std::log(u))).epsilon(1e-14));
}

TEST_CASE("seed, stream, position, token and purpose all matter") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed : {0, 1, 2})
    for (std::uint64_t stream : {0, 1, 2})
      for (std::uint64_t position : {0, 1, 2})
        for (int token : {0, 1, 2}) seen.insert(Noise(seed, stream, position).bits(token));
  CHECK(seen.size() == 81);
  Step step;
  CHECK(stage_noise(step, 1).bits(0) != draw_noise(step).bits(0));
  CHECK(stage_noise(step, 1).bits(0) != stage_noise(step, 2).bits(0));
}

TEST_CASE("the draw is the largest sum, whatever the sizes") {
  for (const std::size_t n : {1, 2, 31, 32, 33, 1000, 4096})
    for (const double width : {0.0, 0.3, 3.0, 100.0})
      for (std::uint64_t position = 0; position < 40; ++position) {
        std::vector<float> logits = spread_logits(n, width);
        if (position % 3 == 1)
          for (std::size_t i = 0; i + 1 < n; i += 2) logits[i] = impossible;
        const Noise noise(5, 1, position);
        REQUIRE(draw(logits, noise) == plain_draw(logits, noise));
      }
  CHECK(draw(std::vector<float>(100, impossible), Noise(1, 0, 0)) == -1);
  CHECK(draw({}, Noise(1, 0, 0)) == -1);
}

TEST_CASE("frozen logits draw the extreme; among ties each is drawn") {
  std::vector<float> logits(50, std::numeric_limits<float>::lowest());
  logits[7] = 0;
  for (std::uint64_t position = 0; position < 100; ++position)
    CHECK(draw(logits, Noise(3, 0, position)) == 7);
  logits[11] = 0;
  int low = 0;
  for (std::uint64_t position = 0; position < 1000; ++position)
    low += draw(logits, Noise(3, 0, position)) == 7;
  CHECK(low > 430);
  CHECK(low < 570);
}

TEST_CASE("a million draws follow softmax at six temperatures") {
  const std::vector<float> raw = spread_logits(24, 1.5);
  const int draws = test::slow_build() ? 100000 : 1000000;
  std::uint64_t seed = 20260000;
  for (const double temperature : {0.5, 1.0, 1.7, 100.0, -0.7, -2.0}) {
    CAPTURE(temperature);
    std::vector<float> logits = raw;
    ChainState state;
    Chain::parse("temp=" + std::to_string(temperature)).apply(logits, Step{}, state);
    std::vector<double> counts(logits.size(), 0);
    ++seed;
    for (int i = 0; i < draws; ++i)
      ++counts[static_cast<std::size_t>(draw(logits, Noise(seed, 0, static_cast<std::uint64_t>(i))))];
    const Fit result = fit(logits, counts, draws);
    CHECK(result.freedom >= 5);
    CHECK(result.chi_square < chi_square_limit(result.freedom));
    // Too good is as wrong as too bad.
    CHECK(result.chi_square > 0.2 * result.freedom);
  }
}

TEST_CASE("draws at neighbouring positions, seeds and streams are independent") {
  // Joint counts of two draws from four equal tokens: 16 classes of equal chance.
  const std::vector<float> flat(4, 0.0f);
  for (int kind = 0; kind < 3; ++kind) {
    CAPTURE(kind);
    std::vector<double> joint(16, 0);
    constexpr std::uint64_t pairs = 100000;
    for (std::uint64_t i = 0; i < pairs; ++i) {
      const Noise a(kind == 1 ? i : 1, kind == 2 ? i : 0, kind == 0 ? i : 0);
      const Noise b(kind == 1 ? i + 1 : 1, kind == 2 ? i + 1 : 0, kind == 0 ? i + 1 : 0);
      ++joint[static_cast<std::size_t>(4 * draw(flat, a) + draw(flat, b))];
    }
    double chi_square = 0;
    for (const double count : joint)
      chi_square += (count - pairs / 16.0) * (count - pairs / 16.0) / (pairs / 16.0);
    CHECK(chi_square < chi_square_limit(15));
  }
}

TEST_CASE("a draw does not depend on tokens that cannot win, nor on where others stand") {
  const std::vector<float> logits = spread_logits(5000, 1.0);
  for (std::uint64_t position = 0; position < 50; ++position) {
    const Noise noise(8, 0, position);
    const int winner = draw(logits, noise);
    std::vector<float> fewer = logits;
    for (std::size_t i = 0; i < fewer.size(); i += 3)
      if (static_cast<int>(i) != winner) fewer[i] = impossible;
    CHECK(draw(fewer, noise) == winner);
  }
}
