#include "tools/generation/draws.h"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "engine/platform/available_memory.h"
#include "engine/weights/config.h"
#include "loaders/tokenizer/prompt.h"
#include "tests/tools/demo.h"
#include "tools/generation/generate.h"

namespace kelvin {
namespace {

struct DrawSetup {
  OpenModel& model = test::demo();
  std::vector<int> prompt = encode_prompt(model.text, "The fox");
  Chain chain = Chain::parse("temp=1.1");
  ContinuationRequest request;
  std::map<std::size_t, Continuation> told;
  std::vector<std::size_t> order;

  DrawSetup() {
    request.prompt = prompt;
    request.chain = &chain;
    request.seed = 4;
    request.max_tokens = 24;
    request.stops = model.stops;
    request.stop_texts = stops;
    request.log_probabilities = true;
  }
  std::vector<std::string> stops = {"."};  // so that draws end at different times

  bool run(const std::vector<std::size_t>& draws, DrawOptions options) {
    told.clear();
    order.clear();
    Sequence sequence(*model.model, 100);
    return draw_continuations(*model.model, sequence, model.tokenizer(), request, draws, options,
                              [&](std::size_t draw, Continuation result) {
                                order.push_back(draw);
                                CHECK(told.emplace(draw, std::move(result)).second);
                              });
  }
};

std::vector<std::size_t> first_draws(std::size_t count) {
  std::vector<std::size_t> draws(count);
  std::iota(draws.begin(), draws.end(), std::size_t{0});
  return draws;
}

TEST_CASE("a draw has the same bits at every width, and alone") {
  DrawSetup setup;
  REQUIRE(setup.run(first_draws(11), {.width = 11}));
  const std::map<std::size_t, Continuation> all = std::move(setup.told);
  REQUIRE(all.size() == 11);
  bool some_are_short = false, some_are_long = false;
  for (const auto& [draw, result] : all) {
    some_are_short |= result.ids.size() < 10;
    some_are_long |= result.ids.size() == 24;
  }
  CHECK(some_are_short);
  CHECK(some_are_long);
  for (const int width : {1, 3}) {
    CAPTURE(width);
    REQUIRE(setup.run(first_draws(11), {.width = width}));
    REQUIRE(setup.told.size() == 11);
    for (const auto& [told, result] : setup.told) {
      const auto draw = told;  // clang 14 captures no structured binding
      CAPTURE(draw);
      CHECK(result.ids == all.at(draw).ids);
      CHECK(result.text == all.at(draw).text);
      CHECK(result.ending == all.at(draw).ending);
      CHECK(result.log_probabilities == all.at(draw).log_probabilities);
      CHECK(result.chain_log_probabilities == all.at(draw).chain_log_probabilities);
    }
  }
  // Some of them, in any order; continue_prompt with their stream gives each.
  REQUIRE(setup.run({7, 2}, {.width = 2}));
  CHECK(setup.told.size() == 2);
  CHECK(setup.told.at(7).ids == all.at(7).ids);
  setup.request.stream = 2;
  Sequence own(*setup.model.model, 100);
  CHECK(continue_prompt(*setup.model.model, own, setup.model.tokenizer(), setup.request).ids ==
        all.at(2).ids);
}

TEST_CASE("draws are told as soon as they are done, and how far all are") {
  DrawSetup setup;
  std::vector<double> shares;
  REQUIRE(setup.run(first_draws(9), {.width = 3, .progress = [&](double done, double total) {
                                       CHECK(total == 9);
                                       CHECK((shares.empty() || done >= shares.back()));
                                       shares.push_back(done);
                                     }}));
  CHECK(setup.order.size() == 9);
  CHECK(setup.order != first_draws(9));
  CHECK(shares.front() == doctest::Approx(3 / 24.0));
  CHECK(shares.back() == 9);
}

TEST_CASE("stopped: what has begun is told as interrupted, the rest comes later with the same bits") {
  DrawSetup setup;
  REQUIRE(setup.run(first_draws(8), {.width = 8}));
  const std::map<std::size_t, Continuation> all = std::move(setup.told);
  std::atomic<bool> stop{false};
  CHECK(!setup.run(
      first_draws(8),
      {.width = 2, .loop = {.stop = &stop}, .progress = [&](double done, double) { stop = done > 3; }}));
  REQUIRE(setup.told.size() >= 4);
  CHECK(setup.told.size() < 8);
  std::vector<std::size_t> left = first_draws(8);
  std::size_t interrupted = 0;
  for (const auto& [draw, result] : setup.told) {
    if (result.ending == Ending::interrupted) {
      ++interrupted;
      CHECK(result.ids.size() < all.at(draw).ids.size());
      CHECK(all.at(draw).text.starts_with(result.text));
    } else {
      CHECK(result.ids == all.at(draw).ids);
      std::erase(left, draw);
    }
  }
  CHECK(interrupted == 2);
  REQUIRE(setup.run(left, {.width = 3}));
  for (const std::size_t draw : left) CHECK(setup.told.at(draw).ids == all.at(draw).ids);
}

TEST_CASE("as many side by side as memory holds, asked before") {
  DrawSetup setup;
  const Model& model = *setup.model.model;
  // One block of 256 positions, keys and values in float32, and rows of the vocabulary.
  const ModelConfig& config = model.config();
  const std::size_t cache = std::size_t{256} * 2 * 4 * static_cast<std::size_t>(config.n_layers) *
                            static_cast<std::size_t>(config.n_kv_heads) *
                            static_cast<std::size_t>(config.head_dim);
  CHECK(draw_bytes(model, 40) >= cache);
  CHECK(draw_bytes(model, 40) < cache + 100 * static_cast<std::size_t>(config.vocab_size));
  CHECK(draw_bytes(model, 300) - draw_bytes(model, 40) == cache);
  CHECK(draws_side_by_side(model, 40, 5) == 5);
  CHECK(draws_side_by_side(model, 40, 3000) == 32);
  CHECK(draws_side_by_side(model, 40, 3000, 48) == 48);
  CHECK(draws_side_by_side(model, 40, 7, 48) == 7);
  CHECK_THROWS_AS(draws_side_by_side(model, 1 << 20, std::size_t{1} << 20, 1 << 20), OutOfMemory);
}

}  // namespace
}  // namespace kelvin
