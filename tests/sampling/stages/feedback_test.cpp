// Samplers with a memory: mirostat 1 and 2, adaptive-p. The reference's tokens are fed back, since its draws
// are not ours.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/chain_text.h"
#include "sampling/logits.h"
#include "sampling/statistics/boltzmann.h"
#include "tests/sampling/goldens.h"
#include "tokenizer/base/user_error.h"

using namespace kelvin;
using namespace kelvin::sampling;
using namespace kelvin::test;

namespace {

std::string chain_of(const JsonValue& run) {
  const std::string name(run.at("sampler").as_string());
  const auto value = [&](const char* key) { return number_text(run.at("params").at(key).as_double()); };
  if (name == "adaptive_p") return "adaptive-p=" + value("target") + ":" + value("decay");
  return (name == "mirostat_v1" ? "mirostat=" : "mirostat-2=") + value("tau") + ":" + value("eta");
}

std::vector<float> row_of(std::size_t step, std::size_t n = 200) {
  std::vector<float> logits(n);
  const Noise noise(11, step, 0);
  for (std::size_t i = 0; i < n; ++i) logits[i] = static_cast<float>(0.7 * noise.gumbel(static_cast<int>(i)));
  return logits;
}

}  // namespace

TEST_CASE("feedback samplers follow the reference runs") {
  const auto folder = golden_folder("samplers");
  const JsonDocument document = golden_json(folder / "stateful.json");
  const auto all = read_array<float>(folder / "steps.logits.bin");
  constexpr std::size_t vocabulary = 600;
  int runs = 0;
  for (const JsonValue& run : document.root().at("runs").items()) {
    const std::string text = chain_of(run);
    CAPTURE(text);
    const Chain chain = Chain::parse(text);
    ChainState state;
    std::vector<int> history;
    ++runs;
    for (const JsonValue& expected : run.at("steps").items()) {
      CAPTURE(history.size());
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(history.size() * vocabulary);
      std::vector<float> logits(begin, begin + vocabulary);
      Step step;
      step.tokens = history;
      chain.apply(logits, step, state);
      const auto number = [&](const char* key) { return expected.at(key).as_double(); };
      if (expected.find("mu_before")) CHECK(near(state.values()[0][0], number("mu_before"), 1e-12));
      if (expected.find("k")) CHECK(static_cast<double>(count_possible(logits)) == number("k"));
      if (expected.find("n_kept")) CHECK(static_cast<double>(count_possible(logits)) == number("n_kept"));
      if (expected.find("top5")) {
        std::vector<double> p(logits.size());
        softmax(std::span<const float>(logits), 1.0, std::span<double>(p));
        for (const JsonValue& pair : expected.at("top5").items())
          CHECK(near(p[static_cast<std::size_t>(pair.at(0).as_int())], pair.at(1).as_double(),
                     1e-5));  // float logits
      }
      const int id = static_cast<int>(expected.at("id").as_int());
      CHECK(logits[static_cast<std::size_t>(id)] != impossible);
      CHECK(chain.accept(id, step, state) == 0);
      const auto values = state.values()[0];
      if (expected.find("mu_after")) CHECK(near(values[0], number("mu_after"), 1e-12));
      if (expected.find("weighted_sum")) {
        CHECK(near(values[0], number("weighted_sum"), 1e-12));
        CHECK(near(values[1], number("total_weight"), 1e-12));
      }
      history.push_back(id);
    }
    CHECK(history.size() == 40);
  }
  CHECK(runs >= 8);  // that the repository holds
}

TEST_CASE("mirostat 2 holds the surprise near its target") {
  const Chain chain = Chain::parse("mirostat-2=2.5:0.1");
  ChainState state;
  std::vector<int> history;
  double sum = 0;
  constexpr int steps = 400, settled = 100;
  for (int i = 0; i < steps; ++i) {
    std::vector<float> logits = row_of(static_cast<std::size_t>(i));
    Step step;
    step.tokens = history;
    step.seed = 4;
    const int token = chain.sample(logits, step, state);
    const double surprise = -thermo(std::span<const float>(logits), 1.0)
                                 .log_p(static_cast<double>(logits[static_cast<std::size_t>(token)]));
    if (i >= settled) sum += surprise / std::log(2.0);
    chain.accept(token, step, state);
    history.push_back(token);
  }
  CHECK(sum / (steps - settled) == doctest::Approx(2.5).epsilon(0.08));
}

TEST_CASE("a copy of the state goes back in time, and saved values resume") {
  for (const char* text :
       {"mirostat=3", "mirostat-2=3", "adaptive-p=0.3", "temp-schedule='0.5 + surprise'"}) {
    CAPTURE(text);
    const Chain chain = Chain::parse(text);
    ChainState state;
    std::vector<int> history;
    const auto draw_next = [&](ChainState& from) {
      std::vector<float> logits = row_of(history.size());
      Step step;
      step.tokens = history;
      const int token = chain.sample(logits, step, from);
      chain.accept(token, step, from);
      return token;
    };
    for (int i = 0; i < 10; ++i) history.push_back(draw_next(state));
    const std::vector<int> kept = history;
    ChainState copy = state, resumed;
    resumed.set_values(state.values());
    for (int i = 0; i < 10; ++i) history.push_back(draw_next(state));
    const std::vector<int> first = history;
    for (ChainState* other : {&copy, &resumed}) {
      history = kept;
      for (int i = 0; i < 10; ++i) history.push_back(draw_next(*other));
      CHECK(history == first);
    }
  }
}

TEST_CASE("two sequences of one chain do not share a memory") {
  const Chain chain = Chain::parse("mirostat-2=3");
  ChainState a, b;
  std::vector<float> logits = row_of(0);
  chain.sample(logits, Step{}, a);
  chain.accept(5, Step{}, a);
  logits = row_of(0);
  chain.sample(logits, Step{}, b);
  CHECK(b.values()[0][0] == 6.0);
}

TEST_CASE("feedback stages have to be last and come once") {
  CHECK_THROWS_AS(Chain::parse("mirostat-2=3,temp=1"), UserError);
  CHECK_THROWS_AS(Chain::parse("mirostat=3,mirostat-2=3"), UserError);
  CHECK_NOTHROW(Chain::parse("temp=1,mirostat-2=3"));
}
