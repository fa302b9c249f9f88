#include "tools/output/stage_report.h"
#include "tests/support.h"

#include <doctest/doctest.h>

using namespace kelvin;

namespace {

std::string report(const std::string& text, const std::vector<float>& raw, std::uint64_t seed) {
  const Chain chain = Chain::parse(text);
  std::vector<float> logits = raw;
  ChainState state;
  Step step;
  step.seed = seed;
  Trace trace;
  trace.keep_ids = true;
  chain.sample(logits, step, state, &trace);
  const Why why = explain(chain, trace, step, ChainState(), other_temperatures(chain));
  return stage_report_text(trace, why, [](int id) { return std::string(1, static_cast<char>('A' + id)); });
}

}  // namespace

TEST_CASE("why a one-percent token beat one of 98 percent: it was removed") {
  const std::string text = report("xtc=1:threshold=0.01,temp=0.5", {8, 4, 2, 0}, 1);
  CHECK(test::holds(text, "  xtc=1:threshold=0.01"));
  CHECK(test::holds(text, "  xtc=1:threshold=0.01 removed A (97.93%)."));
  CHECK(test::holds(text, "Greedy would have said A: 97.93%, rank 1, by the model; impossible, at the end."));
  CHECK(test::holds(text, "xtc=1:threshold=0.01 removed A: the draw could not take it."));
}

TEST_CASE("why a one-percent token beat one of 98 percent: the temperature, and luck") {
  std::string text;
  for (std::uint64_t seed = 0; !test::holds(text, "  B had"); ++seed)
    text = report("temp=2", {8, 4, 2, 0}, seed);
  CHECK(test::holds(text, "B had 1.79%, rank 2, by the model and 11.25%, rank 2"));
  CHECK(test::holds(text, "a draw takes it once in 8.9 times."));
  CHECK(test::holds(text, "temp=2 moved the odds: A from 97.93% to 83.10%, B from 1.79% to 11.25%."));
  CHECK(test::holds(text, "The draw takes the largest ln p + noise: B has -2.19 + "));
  CHECK(test::holds(text, "the likeliest other, A has -0.19 "));
  CHECK(test::holds(text, " at T = 0.5, "));
  CHECK(test::holds(text, " at T = 4."));
}

TEST_CASE("the likeliest token needs no reason") {
  const std::string text = report("temp=0", {8, 4, 2, 0}, 1);
  CHECK(test::holds(text, "Greedy says the same"));
  CHECK(test::holds(text, "No other token was left to draw."));
  CHECK(!test::holds(text, "once in"));
}
