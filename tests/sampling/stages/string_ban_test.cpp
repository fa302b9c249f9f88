#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sampling/chain.h"
#include "tokenizer/base/user_error.h"

using namespace kelvin;
using namespace kelvin::sampling;

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
  // What each stage knows after a run with take-backs is what the tokens that stayed have taught it.
  const std::vector<float> base = {1, 1, 1, 1, 1, 0, 0, -1};
  for (const std::string feedback :
       {"mirostat=1.5", "mirostat-2=1.5", "temp=1.1,adaptive-p=0.3", "temp-schedule='1 + 0.1*surprise'"}) {
    CAPTURE(feedback);
    const Chain both = Chain::parse("string-ban=abc," + feedback, vocabulary);
    ChainState state;
    std::vector<int> ids;
    int taken_back = 0, calls = 0;
    while (ids.size() < 200) {
      REQUIRE(++calls < 10000);
      std::vector<float> logits = base;
      Step step;
      step.tokens = ids;
      const int token = both.sample(logits, step, state);
      const int back = both.accept(token, step, state);
      ids.push_back(token);
      ids.resize(ids.size() - static_cast<std::size_t>(back));
      if (back == 0) continue;
      ++taken_back;
      // A fresh run over the tokens that stayed; where one was banned, its stage saw fewer candidates, so the
      // bans are repeated.
      ChainState fresh = state;
      std::vector<std::vector<double>> values = state.values();
      for (std::size_t i = 1; i < values.size(); ++i) values[i].clear();
      fresh.set_values(values);
      for (std::size_t n = 0; n < ids.size(); ++n) {
        std::vector<float> again = base;
        Step earlier;
        earlier.tokens = std::span(ids).first(n);
        both.apply(again, earlier, fresh);
        REQUIRE(both.accept(ids[n], earlier, fresh) == 0);
      }
      REQUIRE(fresh.values() == state.values());
    }
    CHECK(taken_back > 3);
  }
}

TEST_CASE("a long banned text takes everything back that wrote it") {
  // One byte a token: 1000 tokens are taken back at once, the feedback with them.
  const std::vector<std::string> letters = {"a", "b"};
  const Vocabulary small{letters, {}};
  const Chain chain = Chain::parse("string-ban=" + std::string(1000, 'a') + ",mirostat-2=0.5", small);
  ChainState state;
  std::vector<int> ids;
  std::vector<std::vector<double>> first;
  int back = 0;
  while (back == 0) {
    REQUIRE(ids.size() < 1500);
    std::vector<float> logits = {30, 0};
    Step step;
    step.tokens = ids;
    const int token = chain.sample(logits, step, state);
    if (ids.empty()) first = state.values();
    back = chain.accept(token, step, state);
    ids.push_back(token);
  }
  CHECK(back == 1000);
  CHECK(state.values()[1] == first[1]);
}

TEST_CASE("bad texts are refused") {
  CHECK_THROWS_AS(Chain::parse("string-ban=", vocabulary), UserError);
  CHECK_THROWS_AS(Chain::parse("string-ban", vocabulary), UserError);
  CHECK_THROWS_AS(Chain::parse("string-ban=abc"), UserError);
  CHECK_THROWS_AS(Chain::parse("string-ban=" + std::string(2000, 'a'), vocabulary), UserError);
}
