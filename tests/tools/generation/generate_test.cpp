#include "tools/generation/generate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "loaders/tokenizer/prompt.h"
#include "sampling/statistics/token_view.h"
#include "tests/tools/demo.h"

namespace kelvin {
namespace {

const std::string story =
    "<|start_header_id|>user<|end_header_id|>\n\nTell me a story.<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n";

struct Setup {
  OpenModel& model = test::demo();
  std::vector<int> prompt = encode_prompt(model.text, story);
  Chain chain = Chain::parse("temp=1.2");
  ContinuationRequest request;
  std::atomic<bool> stop{false};

  Setup() {
    request.prompt = prompt;
    request.chain = &chain;
    request.seed = 11;
    request.max_tokens = 12;
  }
  Continuation run(Sequence& sequence) const {
    return continue_prompt(*model.model, sequence, model.tokenizer(), request, {.stop = &stop});
  }
  Continuation run() const {
    Sequence sequence(*model.model, 200);
    return run(sequence);
  }
};

TEST_CASE("the text is that of the ids, and comes in pieces as it is made") {
  Setup setup;
  std::string streamed;
  setup.request.on_text = [&](std::string_view text) { streamed += text; };
  const Continuation result = setup.run();
  CHECK(result.ending == Ending::max_tokens);
  CHECK(result.ids.size() == 12);
  CHECK(result.text == setup.model.tokenizer().decode(result.ids));
  CHECK(streamed == result.text);
}

TEST_CASE("log-probabilities are the model's at T = 1, and the chain's") {
  Setup setup;
  setup.request.log_probabilities = true;
  // The text comes token by token with them.
  std::string streamed;
  std::vector<double> with_text;
  setup.request.on_token_text = [&](std::string_view text, double log_p) {
    streamed += text;
    with_text.push_back(log_p);
  };
  const Continuation result = setup.run();
  REQUIRE(result.log_probabilities.size() == 12);
  CHECK(streamed == result.text);
  CHECK(with_text == result.log_probabilities);
  std::vector<int> all = setup.prompt;
  all.insert(all.end(), result.ids.begin(), result.ids.end());
  Sequence sequence(*setup.model.model, 200);
  const Feed feed{&sequence, all, Want::all};
  setup.model.model->forward(std::span(&feed, 1), [&](int, int position, std::span<const float> logits) {
    const std::size_t at = static_cast<std::size_t>(position) + 1 - setup.prompt.size();
    if (at >= result.ids.size()) return;
    CHECK(result.log_probabilities[at] == log_probability(logits, result.ids[at]));
    std::vector<float> tempered(logits.begin(), logits.end());
    for (float& logit : tempered) logit /= 1.2f;
    CHECK(result.chain_log_probabilities[at] ==
          doctest::Approx(log_probability(tempered, result.ids[at])).epsilon(1e-4));
  });
}

TEST_CASE("self-certainty is of the model's distribution before each token, whatever the chain") {
  Setup setup;
  setup.request.log_probabilities = setup.request.self_certainty = true;
  const Continuation result = setup.run();
  REQUIRE(result.self_certainties.size() == 12);
  std::vector<int> before = setup.prompt;
  for (const std::size_t step : {0u, 1u}) {
    Sequence sequence(*setup.model.model, 200);
    const std::vector<float> logits = logits_after(*setup.model.model, sequence, before);
    double largest = logits[0], mean = 0, z = 0;
    for (const float logit : logits) largest = std::max(largest, static_cast<double>(logit));
    for (const float logit : logits) {
      mean += logit / static_cast<double>(logits.size());
      z += std::exp(logit - largest);
    }
    const double expected = largest + std::log(z) - mean - std::log(static_cast<double>(logits.size()));
    CHECK(result.self_certainties[step] == doctest::Approx(expected).epsilon(1e-9));
    before.push_back(result.ids[step]);
  }
}

TEST_CASE("a cached prefix changes nothing but the time") {
  Setup setup;
  const Continuation fresh = setup.run();
  CHECK(fresh.cached == 0);
  Sequence sequence(*setup.model.model, 200);
  setup.run(sequence);
  const Continuation again = setup.run(sequence);
  CHECK(again.cached == static_cast<int>(setup.prompt.size()) - 1);
  CHECK(again.ids == fresh.ids);
  setup.prompt.resize(setup.prompt.size() / 2);  // a shorter prompt forgets the rest
  setup.request.prompt = setup.prompt;
  CHECK(setup.run(sequence).ids == setup.run().ids);
}

TEST_CASE("a banned text is taken back before anybody has seen it") {
  Setup setup;
  setup.chain = Chain::parse("temp=0");
  setup.request.max_tokens = 30;
  const Continuation free = setup.run();
  REQUIRE(free.text.size() > 60);
  const std::string banned = free.text.substr(30, 14);
  setup.chain = Chain::parse("string-ban=\"" + banned + "\",temp=0", setup.model.vocabulary());
  std::vector<std::string> shown;
  setup.request.on_text = [&](std::string_view text) { shown.emplace_back(text); };
  setup.request.log_probabilities = true;
  std::vector<std::pair<std::string, double>> by_token;
  setup.request.on_token_text = [&](std::string_view text, double log_p) {
    by_token.emplace_back(text, log_p);
  };
  const Continuation result = setup.run();
  REQUIRE(by_token.size() == 30);
  for (std::size_t i = 0; i < by_token.size(); ++i) {
    CHECK(by_token[i].first == setup.model.tokenizer().bytes(result.ids[i]));
    CHECK(by_token[i].second == result.log_probabilities[i]);
  }
  CHECK(result.text.find(banned) == std::string::npos);
  CHECK(result.text.substr(0, 20) == free.text.substr(0, 20));
  CHECK(result.ids.size() == 30);
  CHECK(result.log_probabilities.size() == 30);
  CHECK(result.text == setup.model.tokenizer().decode(result.ids));
  std::string streamed;
  for (const std::string& piece : shown) streamed += piece;
  CHECK(streamed == result.text);
  CHECK(shown.size() > 5);  // it streams all the same
}

TEST_CASE("each stream has its own noise") {
  Setup setup;
  const Continuation one = setup.run();
  setup.request.stream = 1;
  CHECK(setup.run().ids != one.ids);
}

TEST_CASE("the ends: a stop token, the limit, the context, an interruption") {
  Setup setup;
  setup.chain = Chain::parse("temp=0");
  setup.request.max_tokens = 0;
  const Continuation whole = [&] {
    setup.request.stops = setup.model.stops;
    return setup.run();
  }();
  CHECK(whole.ending == Ending::stop_token);
  CHECK(whole.ids.back() == 2047);
  CHECK(whole.text.find("<|eot_id|>") == std::string::npos);

  setup.request.stops = {};
  const Continuation full = setup.run();
  CHECK(full.ending == Ending::context_full);
  CHECK(full.ids.size() + setup.prompt.size() == 200);

  setup.stop = true;
  const Continuation nothing = setup.run();
  CHECK(nothing.ending == Ending::interrupted);
  CHECK(nothing.ids.empty());
  setup.stop = false;
  int pieces = 0;
  setup.request.on_text = [&](std::string_view) { setup.stop = ++pieces == 5; };
  const Continuation part = setup.run();
  CHECK(part.ending == Ending::interrupted);
  CHECK(part.ids.size() >= 5);
  CHECK(part.ids.size() <= 6);
  CHECK(full.text.starts_with(part.text));
}

TEST_CASE("prompts that cannot be continued") {
  Setup setup;
  setup.request.prompt = {};
  CHECK_THROWS_WITH(setup.run(), "the prompt is empty");
  setup.request.prompt = setup.prompt;
  Sequence small(*setup.model.model, static_cast<int>(setup.prompt.size()));
  CHECK_THROWS_AS(setup.run(small), UserError);
}

TEST_CASE("many draws in one batch are what each is alone") {
  for (const char* chain :
       {"temp=1.2", "string-ban=' the',temp=1.1,mirostat-2=4", "penalty=1.2,temp=1.3,adaptive-p=0.5",
        "string-ban=' the',temp-schedule='since(/\\ba\\b/) < 4 ? 1.6 : 0.7 + 0.02 * count(/e/)'"}) {
    CAPTURE(chain);
    Setup setup;
    setup.chain = Chain::parse(chain, setup.model.vocabulary());
    setup.request.max_tokens = 40;
    setup.request.stops = setup.model.stops;
    setup.request.log_probabilities = true;
    setup.request.stream = 5;
    Sequence sequence(*setup.model.model, 200);
    const std::vector<Continuation> together =
        continue_prompt_often(*setup.model.model, sequence, setup.model.tokenizer(), setup.request, 6);
    REQUIRE(together.size() == 6);
    for (const Continuation& result : together) {
      Sequence own(*setup.model.model, 200);
      const Continuation alone = setup.run(own);
      CHECK(result.ids == alone.ids);
      CHECK(result.text == alone.text);
      CHECK(result.ending == alone.ending);
      CHECK(result.log_probabilities == alone.log_probabilities);
      CHECK(result.chain_log_probabilities == alone.chain_log_probabilities);
      ++setup.request.stream;
    }
    CHECK(together[0].ids != together[1].ids);
  }
}

}  // namespace
}  // namespace kelvin
