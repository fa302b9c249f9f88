#include "engine/generate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

#include "tests/engine/small_model.h"

using namespace kelvin;

namespace {

int greedy(std::span<float> z, int) {
  return static_cast<int>(std::max_element(z.begin(), z.end()) - z.begin());
}

const std::vector<int> prompt = {3, 1, 4, 1, 5};

}  // namespace

TEST_CASE("generation equals full forwards one token at a time") {
  const auto model = test::small_model();
  Sequence sequence(*model, 40);
  GenerateOptions options;
  options.max_tokens = 12;
  std::vector<int> told, positions;
  const Generated generated = generate(
      *model, sequence, prompt,
      [&](std::span<float> z, int position) {
        positions.push_back(position);
        return greedy(z, position);
      },
      [&](int token) {
        told.push_back(token);
        return true;
      },
      options);
  CHECK(generated.end == GenerateEnd::max_tokens);
  CHECK(generated.tokens == told);
  REQUIRE(told.size() == 12);
  CHECK(positions.front() == 4);
  CHECK(positions.back() == 15);
  CHECK(sequence.length() == 16);  // the last token is not fed

  std::vector<int> ids = prompt;
  for (const int expected : told) {
    Sequence whole(*model, 40);
    const Feed feed{&whole, ids, Want::last};
    int best = -1;
    model->forward({&feed, 1}, [&](int, int, std::span<const float> z) {
      best = static_cast<int>(std::max_element(z.begin(), z.end()) - z.begin());
    });
    CHECK(best == expected);
    ids.push_back(expected);
  }
}

TEST_CASE("why a text ended") {
  const auto model = test::small_model();
  const auto count_up = [](std::span<float>, int position) { return position; };
  const std::vector<int> stops = {20, 9};
  GenerateOptions options;
  options.stop_tokens = stops;
  {
    Sequence sequence(*model, 40);
    const Generated generated = generate(*model, sequence, prompt, count_up, {}, options);
    CHECK(generated.end == GenerateEnd::stop_token);
    CHECK(generated.tokens == std::vector<int>{4, 5, 6, 7, 8, 9});
  }
  {
    Sequence sequence(*model, 12);
    options.ignore_stop_tokens = true;
    const Generated generated = generate(*model, sequence, prompt, count_up, {}, options);
    CHECK(generated.end == GenerateEnd::context_full);
    CHECK(generated.tokens.size() == 8);  // the last one has no place in the sequence
    CHECK(sequence.length() == 12);
  }
  {
    Sequence sequence(*model, 40);
    std::atomic<bool> stop = false;
    options.stop = &stop;
    const Generated generated = generate(
        *model, sequence, prompt, count_up,
        [&](int token) {
          if (token == 6) stop = true;
          return true;
        },
        options);
    CHECK(generated.end == GenerateEnd::interrupted);
    CHECK(generated.tokens == std::vector<int>{4, 5, 6});
  }
  {
    Sequence sequence(*model, 40);
    options.stop = nullptr;
    const Generated generated = generate(
        *model, sequence, prompt, count_up, [](int token) { return token < 5; }, options);
    CHECK(generated.end == GenerateEnd::interrupted);
    CHECK(generated.tokens == std::vector<int>{4, 5});
  }
  {
    Sequence sequence(*model, 40);
    options.max_tokens = 0;
    CHECK(generate(*model, sequence, prompt, count_up, {}, options).tokens.empty());
    CHECK_THROWS_AS(generate(*model, sequence, {}, count_up, {}, options), std::invalid_argument);
  }
}
