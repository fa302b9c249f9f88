#include "sampling/trace.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "sampling/boltzmann.h"
#include "sampling/chain.h"
#include "sampling/why.h"

using namespace kelvin;

namespace {

const std::vector<float> raw = {1, 4, 2, 3, impossible, 0};

double p_of(const std::vector<float>& logits, std::size_t i) {
  std::vector<double> p(logits.size());
  softmax(std::span<const float>(logits), 1.0, std::span<double>(p));
  return p[i];
}

}  // namespace

TEST_CASE("the trace counts what each stage removed") {
  std::vector<float> logits = raw;
  ChainState state;
  Trace trace;
  trace.keep_ids = true;
  Chain::parse("top-k=3,temp=0.5,min-p=0.1").apply(logits, Step{}, state, &trace);
  CHECK(trace.before == raw);
  CHECK(trace.after == logits);
  REQUIRE(trace.stages.size() == 3);
  const StageTrace& top_k = trace.stages[0];
  CHECK(top_k.stage == "top-k=3");
  CHECK(top_k.before.possible == 5);
  CHECK(top_k.after.possible == 3);
  CHECK(top_k.removed == 2);
  CHECK(top_k.removed_ids == std::vector<int>{0, 5});
  CHECK(top_k.removed_top == 0);
  CHECK(top_k.removed_top_probability == doctest::Approx(p_of(raw, 0)));
  CHECK(top_k.removed_mass == doctest::Approx(p_of(raw, 0) + p_of(raw, 5)));
  CHECK(top_k.before.entropy == doctest::Approx(thermo(std::span<const float>(raw), 1.0).entropy));
  CHECK(top_k.before.top == 1);
  CHECK(top_k.before.top_probability == doctest::Approx(p_of(raw, 1)));
  const StageTrace& temp = trace.stages[1];
  CHECK(temp.removed == 0);
  CHECK(temp.removed_top == -1);
  CHECK(temp.after.entropy < temp.before.entropy);
  // At T = 0.5 the odds are exp(-2): 0.135 stays, exp(-4) goes.
  CHECK(trace.stages[2].removed_ids == std::vector<int>{2});
}

TEST_CASE("a trace changes neither logits nor draw") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Chain chain = Chain::parse("temp=1.5,min-p=0.1,mirostat-2=2");
    Step step;
    step.seed = seed;
    std::vector<float> plain = raw, traced = raw;
    ChainState a, b;
    Trace trace;
    CHECK(chain.sample(plain, step, a) == chain.sample(traced, step, b, &trace));
    CHECK(plain == traced);
    CHECK(a.values() == b.values());
    CHECK(trace.drawn >= 0);
  }
}

TEST_CASE("ranks count from the top, equal logits by id") {
  const std::vector<float> logits = {2, 5, 2, impossible, 7};
  CHECK(rank_of(logits, 4) == 1);
  CHECK(rank_of(logits, 1) == 2);
  CHECK(rank_of(logits, 0) == 3);
  CHECK(rank_of(logits, 2) == 4);
  CHECK(rank_of(logits, 3) == 0);
  CHECK(rank_of(logits, 9) == 0);
}

TEST_CASE("why a one-percent token beat a likely one") {
  // XTC takes the likely token away; explain() says so.
  const std::vector<float> logits = {5, 4, 0, -1};
  const Chain chain = Chain::parse("xtc=1:threshold=0.2,temp=1");
  std::vector<float> edited = logits;
  ChainState state;
  Trace trace;
  trace.keep_ids = true;
  const ChainState before = state;
  Step step;
  step.seed = 12;
  chain.sample(edited, step, state, &trace);
  const std::vector<double> temperatures = {0, 1, -0.0};
  const Why why = explain(chain, trace, step, before, temperatures);
  CHECK(why.greedy == 0);
  CHECK(why.removed_by == 0);
  CHECK(why.drawn == trace.drawn);
  CHECK(why.first.probability == doctest::Approx(p_of(logits, static_cast<std::size_t>(why.drawn))));
  CHECK(why.first.rank == rank_of(logits, why.drawn));
  CHECK(why.last.probability == doctest::Approx(p_of(edited, static_cast<std::size_t>(why.drawn))));
  REQUIRE(why.same_luck.size() == 3);
  CHECK(why.same_luck[0].drawn == 1);          // the likeliest that XTC left
  CHECK(why.same_luck[1].drawn == why.drawn);  // the same temperature, the same luck
  CHECK(why.same_luck[2].drawn == 3);          // the least likely
}

TEST_CASE("a chain at another temperature") {
  CHECK(Chain::parse("temp=2,min-p=0.1,temp=0.5").at_temperature(-1).text() == "temp=2,min-p=0.1,temp=-1");
  CHECK(Chain::parse("top-k=3").at_temperature(0).text() == "top-k=3,temp=0");
  CHECK(Chain::parse("top-k=3,mirostat-2=2").at_temperature(3).text() == "top-k=3,temp=3,mirostat-2=2");
  CHECK(Chain::parse("temp-entropy=1").at_temperature(3).text() == "temp=3");
}
