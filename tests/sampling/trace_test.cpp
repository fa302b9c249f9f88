#include "sampling/trace.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "sampling/chain.h"
#include "sampling/statistics/boltzmann.h"
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
  CHECK(why.greedy.id == 0);
  CHECK(why.removed_by == 0);
  CHECK(why.drawn.id == trace.drawn);
  CHECK(why.drawn.first.probability == doctest::Approx(p_of(logits, static_cast<std::size_t>(why.drawn.id))));
  CHECK(why.drawn.first.rank == rank_of(logits, why.drawn.id));
  CHECK(why.drawn.last.probability == doctest::Approx(p_of(edited, static_cast<std::size_t>(why.drawn.id))));
  CHECK(why.greedy.last.rank == 0);
  CHECK(why.drawn.after.size() == 2);
  CHECK(why.drawn.after[0].rank + 1 == why.drawn.first.rank);
  REQUIRE(why.same_noise.size() == 3);
  CHECK(why.same_noise[0].drawn == 1);             // the likeliest that XTC left
  CHECK(why.same_noise[1].drawn == why.drawn.id);  // the same temperature, the same noise
  CHECK(why.same_noise[2].drawn == 3);             // the least likely
}

TEST_CASE("the stage that shifted the odds, and the luck that did the rest") {
  const std::vector<float> logits = {6, 4, 3, 2, 1, 0};
  const Chain chain = Chain::parse("top-k=5,temp=0.9,temp=3,min-p=0.05");
  int other_than_greedy = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::vector<float> edited = logits;
    ChainState state;
    Trace trace;
    Step step;
    step.seed = seed;
    chain.sample(edited, step, state, &trace);
    const Why why = explain(chain, trace, step, ChainState(), other_temperatures(chain));
    const auto total = [](const Contender& c) { return c.last.log_probability + c.gumbel; };
    CHECK(total(why.drawn) > total(why.rival));
    CHECK(why.rival.id == (why.drawn.id == 0 ? 1 : 0));
    CHECK(why.drawn.last.probability ==
          doctest::Approx(p_of(edited, static_cast<std::size_t>(why.drawn.id))));
    CHECK(why.removed_by == -1);
    if (why.drawn.id == 0) {
      CHECK(why.favoured_by == -1);
      continue;
    }
    ++other_than_greedy;
    CHECK(why.favoured_by == 2);  // temp=0.9 favoured the likeliest
  }
  CHECK(other_than_greedy > 5);
  CHECK(other_temperatures(Chain::parse("temp=1")) == std::array<double, 3>{0.5, 4, 2});
  CHECK(other_temperatures(Chain::parse("top-k=1")) == std::array<double, 3>{0.5, 1, 2});
}

TEST_CASE("a draw without choice has no rival") {
  std::vector<float> logits = raw;
  const Chain chain = Chain::parse("temp=-0");
  ChainState state;
  Trace trace;
  chain.sample(logits, Step{}, state, &trace);
  const Why why = explain(chain, trace, Step{}, ChainState(), {});
  CHECK(why.drawn.id == 5);
  CHECK(why.rival.id == -1);
  CHECK(why.drawn.last.probability == 1);
  CHECK(why.removed_by == 0);
}

TEST_CASE("a chain at another temperature") {
  CHECK(Chain::parse("temp=2,min-p=0.1,temp=0.5").at_temperature(-1).text() == "temp=2,min-p=0.1,temp=-1");
  CHECK(Chain::parse("top-k=3").at_temperature(0).text() == "top-k=3,temp=0");
  CHECK(Chain::parse("top-k=3,mirostat-2=2").at_temperature(3).text() == "top-k=3,temp=3,mirostat-2=2");
  CHECK(Chain::parse("temp-entropy=1").at_temperature(3).text() == "temp=3");
}
