#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sampling/chain.h"

using namespace kelvin;

namespace {

const std::vector<std::string> tokens = {"a", "b", "c", "ab", "bc", " ", "abc", "x"};
const Vocabulary vocabulary{tokens, {}};

// Generates with logits that prefer tokens in the order of `liked`, as a tool would, taking back when told.
struct Run {
  std::vector<int> ids;
  int taken_back = 0;
  std::string text() const {
    std::string all;
    for (const int id : ids) all += tokens[static_cast<std::size_t>(id)];
    return all;
  }
};

Run generate(const Chain& chain, std::size_t length, std::vector<int> prompt,
             const std::vector<float>& base) {
  Run run;
  ChainState state;
  const std::size_t n_prompt = prompt.size();
  int calls = 0;
  while (prompt.size() - n_prompt < length) {
    REQUIRE(++calls < 10000);
    std::vector<float> logits = base;
    // Never the same token twice running: gives the text some variety.
    if (!prompt.empty()) logits[static_cast<std::size_t>(prompt.back())] -= 4;
    Step step;
    step.tokens = prompt;
    step.n_prompt = n_prompt;
    step.seed = 5;
    const int token = chain.sample(logits, step, state);
    const int back = chain.accept(token, step, state);
    prompt.push_back(token);
    prompt.resize(prompt.size() - static_cast<std::size_t>(back));
    run.taken_back += back;
  }
  run.ids.assign(prompt.begin() + static_cast<std::ptrdiff_t>(n_prompt), prompt.end());
  return run;
}

}  // namespace

TEST_CASE("the banned text does not appear, however it is cut into tokens") {
  const std::vector<float> base = {1, 1, 1, 1, 1, 0, 0, -1};
  const Run free = generate(Chain::parse("temp=1", vocabulary), 400, {}, base);
  REQUIRE(free.text().find("abc") != std::string::npos);
  const Run banned = generate(Chain::parse("string-ban=abc,temp=1", vocabulary), 400, {}, base);
  CHECK(banned.text().find("abc") == std::string::npos);
  CHECK(banned.taken_back > 10);
  // Up to the first occurrence both are one text.
  const std::string common = free.text().substr(0, free.text().find("abc"));
  CHECK(banned.text().substr(0, common.size()) == common);
}

TEST_CASE("the prompt may hold the text, and a match needs more than the prompt") {
  const std::vector<float> base = {0, 0, 9, 0, 0, 0, 0, 0};
  // "ab" in the prompt, "c" generated: the match begins in the prompt, which cannot be taken back.
  CHECK(generate(Chain::parse("string-ban=abc,temp=0", vocabulary), 1, {3}, base).text() == "c");
}

TEST_CASE("where every token would write the text, it is let through") {
  const std::vector<std::string> one = {"a"};
  const Vocabulary small{one, {}};
  const Chain chain = Chain::parse("string-ban=aa", small);
  ChainState state;
  std::vector<int> ids;
  int calls = 0;
  while (ids.size() < 5) {
    REQUIRE(++calls < 100);
    std::vector<float> logits = {0};
    Step step;
    step.tokens = ids;
    const int token = chain.sample(logits, step, state);
    const int back = chain.accept(token, step, state);
    ids.push_back(token);
    ids.resize(ids.size() - static_cast<std::size_t>(back));
  }
  CHECK(ids == std::vector<int>(5, 0));
}

TEST_CASE("text that may still become the banned one is reported as unsettled") {
  const Chain chain = Chain::parse("string-ban=abc", vocabulary);
  const auto unsettled = [&](const std::vector<int>& ids, std::size_t n_prompt = 0) {
    Step step;
    step.tokens = ids;
    step.n_prompt = n_prompt;
    return chain.unsettled(step);
  };
  CHECK(unsettled({}) == 0);
  CHECK(unsettled({7}) == 0);
  CHECK(unsettled({7, 0}) == 1);
  CHECK(unsettled({7, 0, 1}) == 2);
  CHECK(unsettled({7, 3}) == 1);
  CHECK(unsettled({0, 5}) == 0);
  CHECK(unsettled({0, 1}, 1) == 0);
  CHECK(Chain::parse("temp=1").unsettled(Step{}) == 0);
}

TEST_CASE("feedback goes back with the text") {
  // mirostat's mu after a run with take-backs is that of the tokens that stayed.
  const std::vector<float> base = {1, 1, 1, 1, 1, 0, 0, -1};
  const Chain both = Chain::parse("string-ban=abc,mirostat-2=1.5", vocabulary);
  ChainState state;
  std::vector<int> ids;
  std::vector<double> mu = {3.0};  // before each position
  int taken_back = 0, calls = 0;
  while (ids.size() < 200) {
    REQUIRE(++calls < 10000);
    std::vector<float> logits = base;
    Step step;
    step.tokens = ids;
    const int token = both.sample(logits, step, state);
    CHECK(state.values()[1][0] == mu[ids.size()]);
    const int back = both.accept(token, step, state);
    ids.push_back(token);
    mu.push_back(state.values()[1][0]);
    ids.resize(ids.size() - static_cast<std::size_t>(back));
    if (back > 0) {
      mu.resize(ids.size() + 1);
      ++taken_back;
      CHECK(state.values()[1][0] == mu.back());
    }
  }
  CHECK(taken_back > 0);
}

TEST_CASE("bad texts are refused") {
  CHECK_THROWS_AS(Chain::parse("string-ban=", vocabulary), std::invalid_argument);
  CHECK_THROWS_AS(Chain::parse("string-ban", vocabulary), std::invalid_argument);
  CHECK_THROWS_AS(Chain::parse("string-ban=abc"), std::invalid_argument);
  CHECK_THROWS_AS(Chain::parse("string-ban=" + std::string(2000, 'a'), vocabulary), std::invalid_argument);
}
