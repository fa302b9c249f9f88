#include "sampling/stages/history.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/noise.h"
#include "tests/sampling/applied.h"

using namespace kelvin;
using namespace kelvin::sampling;
using namespace kelvin::test;

namespace {

std::vector<int> random_tokens(std::size_t n, int kinds, std::uint64_t seed) {
  std::vector<int> tokens;
  const Noise noise(seed, 0, 0);
  for (std::size_t i = 0; i < n; ++i)
    tokens.push_back(static_cast<int>(noise.bits(static_cast<int>(i)) % static_cast<std::uint64_t>(kinds)));
  return tokens;
}

}  // namespace

TEST_CASE("repeated suffixes, against the definition") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::vector<int> tokens = random_tokens(40, 1 + static_cast<int>(seed % 4), seed);
    std::vector<int> lengths;
    repeated_suffixes(tokens, lengths);
    const std::size_t n = tokens.size();
    for (std::size_t i = 1; i <= n; ++i) {
      int expected = 0;
      while (i + static_cast<std::size_t>(expected) < n &&
             tokens[n - 1 - static_cast<std::size_t>(expected)] ==
                 tokens[n - 1 - i - static_cast<std::size_t>(expected)])
        ++expected;
      REQUIRE(lengths[i] == expected);
    }
  }
  std::vector<int> lengths;
  repeated_suffixes({}, lengths);
  CHECK(lengths.size() == 1);
}

TEST_CASE("a hostile history takes linear time") {
  const std::vector<int> same(200000, 3);
  std::vector<int> lengths;
  repeated_suffixes(same, lengths);
  CHECK(lengths[1] == 199999);
  CHECK(applied("dry=1:allowed=1:base=1.0001", {0, 0, 0, 0, 0}, same)[3] < -1);
  CHECK(applied("no-repeat=5000", {0, 0, 0, 0, 0}, same)[3] == impossible);
}

TEST_CASE("penalties count the window or the answer alone") {
  const std::vector<int> tokens = {0, 0, 1, 2, 2, 2};
  const std::vector<float> raw = {2, 2, 2, 2, -2};
  CHECK(applied("frequency=0.5", raw, tokens) == std::vector<float>{1, 1.5f, 0.5f, 2, -2});
  CHECK(applied("presence=0.5", raw, tokens) == std::vector<float>{1.5f, 1.5f, 1.5f, 2, -2});
  CHECK(applied("frequency=0.5:of=output", raw, tokens, 4) == std::vector<float>{2, 2, 1, 2, -2});
  CHECK(applied("frequency=0.5:last=2", raw, tokens) == std::vector<float>{2, 2, 1, 2, -2});
  CHECK(applied("penalty=2", {2, -2, 0, 5, 5}, tokens) == std::vector<float>{1, -4, 0, 5, 5});
  CHECK(applied("penalty=2:presence=1:frequency=0.5", raw, tokens) ==
        std::vector<float>{-1, -0.5f, -1.5f, 2, -2});
  CHECK(applied("presence=1", raw, {}) == raw);
}

TEST_CASE("ids that the logits do not have are passed over, masks stay") {
  const std::vector<int> tokens = {0, -1, 7, 1000000, 1};
  for (const char* text : {"penalty=1.5", "frequency=1", "dry=1:allowed=1", "no-repeat=1"}) {
    CAPTURE(text);
    const auto z = applied(text, {1, impossible, 3}, tokens);
    CHECK(z[1] == impossible);
    CHECK(z[2] == 3);
  }
}

TEST_CASE("extreme penalties give finite logits") {
  const std::vector<int> tokens = {0, 1, 0, 1, 0, 1, 0};
  for (const char* text : {"penalty=1e-6", "penalty=1e6", "dry=1e6:base=1e6:allowed=0", "frequency=-1e6"}) {
    CAPTURE(text);
    for (const float z : applied(text, {3e38f, -3e38f, 0}, tokens)) CHECK(std::isfinite(z));
  }
}

TEST_CASE("DRY by hand") {
  // ... 1 2 3 | 1 2: the next 3 would repeat a sequence of two, 1 after "2" none.
  const std::vector<int> tokens = {1, 2, 3, 4, 1, 2};
  const std::vector<float> raw(6, 0.0f);
  auto z = applied("dry=0.8:base=2:allowed=2", raw, tokens);
  CHECK(z[3] == doctest::Approx(-0.8));
  CHECK(std::count(z.begin(), z.end(), 0.0f) == 5);
  z = applied("dry=0.8:base=2:allowed=1", raw, tokens);
  CHECK(z[3] == doctest::Approx(-1.6));
  z = applied("dry=0.8:base=2:allowed=1:breakers='id:1'", raw, tokens);
  CHECK(z[3] == doctest::Approx(-0.8));  // the repetition reaches back to the breaker only
  z = applied("dry=0.8:base=2:allowed=1:breakers='id:2'", raw, tokens);
  CHECK(z == raw);
}

TEST_CASE("DRY finds the usual breakers in the vocabulary") {
  const std::vector<std::string> bytes = {"x", "a", "b\n", "c", "d", "e"};
  std::vector<float> logits(6, 0.0f);
  const std::vector<int> tokens = {1, 2, 3, 4, 1, 2};
  ChainState state;
  Step step;
  step.tokens = tokens;
  Chain::parse("dry=0.8:allowed=1", {bytes, {}}).apply(logits, step, state);
  CHECK(logits == std::vector<float>(6, 0.0f));
}
