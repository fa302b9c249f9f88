#include "tools/batch/draw_line.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tests/support.h"

namespace kelvin {
namespace {

struct LineSetup {
  std::vector<int> prompt = {3, 4};
  Chain chain = Chain::parse("temp=0.7");
  ContinuationRequest request;
  ModelOrigin model{"a", std::string(64, '7'), "q8", "f32"};
  LineSetup() {
    request.prompt = prompt;
    request.chain = &chain;
    request.seed = 9;
    request.max_tokens = 5;
  }
};

TEST_CASE("a line holds what came, and what it came from") {
  LineSetup setup;
  Continuation result;
  result.ids = {8, 1};
  result.text = "a \"b\"";
  result.log_probabilities = {-0.5, -2.25};
  result.chain_log_probabilities = {-0.25, -2.5};
  result.ending = Ending::stop_token;
  CHECK(draw_line(result, setup.request, 12, "0123") ==
        R"({"draw":12,"prompt_ids":[3,4],"ids":[8,1],"text":"a \"b\"","logprobs":[-0.5,-2.25],)"
        R"("chain_logprobs":[-0.25,-2.5],"stop":"eos","seed":9,"chain":"temp=0.7","run":"0123"})");
  CHECK(draw_line(result, setup.request, std::nullopt, "0").starts_with("{\"prompt_ids\""));
}

TEST_CASE("a run is everything that a draw depends on, but its number") {
  LineSetup setup;
  const std::string run = run_of(setup.model, 100, setup.request);
  CHECK(run.size() == 16);
  setup.request.stream = 7;
  CHECK(run_of(setup.model, 100, setup.request) == run);
  const auto differs = [&] { return run_of(setup.model, 100, setup.request) != run; };
  CHECK(run_of(setup.model, 101, setup.request) != run);
  setup.model.kv = "q8";
  CHECK(differs());
  setup.model.kv = "f32";
  setup.prompt[1] = 5;
  CHECK(differs());
  setup.prompt[1] = 4;
  setup.chain = Chain::parse("temp=0.71");
  CHECK(differs());
  setup.chain = Chain::parse("temp=0.7");
  CHECK(!differs());
  setup.chain.set_real_tokens(11);
  CHECK(differs());
  setup.chain.set_real_tokens(0);
  const std::vector<int> stops = {2};
  setup.request.stops = stops;
  CHECK(differs());
  setup.request.stops = {};
  setup.request.max_tokens = 6;
  CHECK(differs());
}

TEST_CASE("statistics of draws, from results and from lines, computed by hand") {
  DrawStatistics statistics;
  CHECK(statistics.text() == "0 draws, 0 tokens");
  LineSetup setup;
  Continuation one, other;
  one.ids = {1, 2, 3};
  one.log_probabilities = {-1, -2, -3};
  one.ending = Ending::max_tokens;
  other.ids = {1};
  other.log_probabilities = {-4};
  other.ending = Ending::stop_token;
  statistics.add(one);
  // Mean -2; one draw has no spread.
  CHECK(statistics.text() == "1 draw, 3 tokens: 1 length; mean ln p -2.0000 (perplexity 7.389)");
  const std::string line = draw_line(other, setup.request, 1, "0");
  statistics.add(parse_json(line).root());
  // Mean -10/4; l - mean n: -6 + 7.5 and -4 + 2.5; sqrt(2 (1.5^2 + 1.5^2)) / 4 = 0.75.
  CHECK(statistics.text() ==
        "2 draws, 4 tokens: 1 eos, 1 length; mean ln p -2.5000 +- 0.75 (perplexity 12.18)");
  CHECK(statistics.tokens() == 4);
}

}  // namespace
}  // namespace kelvin
