#include "engine/forward/model.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/weights/config.h"
#include "tests/engine/small_model.h"

using namespace kelvin;
using namespace kelvin::kernels;
using test::small_config;
using test::small_model;

namespace {

using Logits = std::map<int, std::vector<float>>;  // by position

std::vector<int> text(int length, int seed = 1) {
  std::vector<int> ids(static_cast<std::size_t>(length));
  unsigned state = static_cast<unsigned>(seed);
  for (int& id : ids) id = static_cast<int>((state = state * 1103515245u + 12345u) >> 8) % 37;
  return ids;
}

Logits feed(Model& model, Sequence& sequence, std::span<const int> ids, Want want = Want::all,
            const ForwardOptions& options = {}) {
  Logits found;
  const Feed one{&sequence, ids, want};
  CHECK(model.forward(
      {&one, 1},
      [&](int, int position, std::span<const float> z) { found[position].assign(z.begin(), z.end()); },
      options));
  return found;
}

Logits fresh(Model& model, std::span<const int> ids, Want want = Want::all,
             const ForwardOptions& options = {}) {
  Sequence sequence(model, static_cast<int>(ids.size()));
  return feed(model, sequence, ids, want, options);
}

ModelConfig dynamic_config(int border) {
  ModelConfig config = small_config();
  config.ropes[0].kind = RopeKind::dynamic;
  config.ropes[0].factor = 3.0;
  config.ropes[0].original_max_position = border;
  return config;
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a cached prefix, a truncated sequence and a fresh forward give the same bits") {
  const auto model = small_model();
  const std::vector<int> ids = text(290), other = text(60, 7);
  const Logits expected = fresh(*model, ids);
  REQUIRE(expected.size() == 290);

  Sequence sequence(*model, 290);
  feed(*model, sequence, std::span(ids).first(270), Want::none);
  sequence.truncate(200);
  feed(*model, sequence, other, Want::last);
  CHECK(sequence.length() == 260);
  sequence.truncate(200);
  CHECK(std::vector<int>(sequence.tokens().begin(), sequence.tokens().end()) ==
        std::vector<int>(ids.begin(), ids.begin() + 200));
  const Logits found = feed(*model, sequence, std::span(ids).subspan(200));
  REQUIRE(found.size() == 90);
  for (const auto& [position, z] : found) CHECK(z == expected.at(position));
  sequence.truncate(0);
  CHECK(feed(*model, sequence, ids, Want::last).at(289) == expected.at(289));
  CHECK_THROWS_AS(sequence.truncate(291), std::invalid_argument);
  CHECK_THROWS_AS(sequence.truncate(-1), std::invalid_argument);
}

TEST_CASE("a fork goes its own way, and so does what it was made from") {
  const auto model = small_model(small_config());
  const auto ids = text(70), one = text(20, 5), other = text(20, 6);
  Sequence trunk(*model, 128);
  feed(*model, trunk, ids, Want::none);
  Sequence branch = trunk.fork();
  CHECK(branch.tokens().size() == 70);
  const auto joined = [&](const std::vector<int>& rest) {
    std::vector<int> all = ids;
    all.insert(all.end(), rest.begin(), rest.end());
    return fresh(*model, all, Want::last);
  };
  CHECK(feed(*model, trunk, one, Want::last) == joined(one));
  CHECK(feed(*model, branch, other, Want::last) == joined(other));
  branch.truncate(70);
  CHECK(feed(*model, branch, one, Want::last) == joined(one));
}

TEST_CASE("a position's logits depend on what stands before it, and only on that") {
  const auto model = small_model();
  std::vector<int> ids = text(20);
  const Logits before = fresh(*model, ids);
  ids[10] = (ids[10] + 1) % 37;
  const Logits after = fresh(*model, ids);
  for (int position = 0; position < 20; ++position)
    CHECK((before.at(position) == after.at(position)) == (position < 10));
}

TEST_CASE("wanting fewer logits changes none of them") {
  const auto model = small_model();
  const std::vector<int> ids = text(50);
  const Logits all = fresh(*model, ids);
  const Logits last = fresh(*model, ids, Want::last);
  REQUIRE(last.size() == 1);
  CHECK(last.at(49) == all.at(49));
  CHECK(fresh(*model, ids, Want::none).empty());
  Sequence empty(*model, 5);
  CHECK(feed(*model, empty, {}, Want::all).empty());
}

TEST_CASE("storage, threads, tables and chunks change no bit of an odd-sized model") {
  for (const bool biases : {false, true}) {
    const std::vector<int> ids = text(70);
    const auto reference = small_model(small_config(), {1, &scalar_kernels}, Storage::f32, biases);
    const Logits expected = fresh(*reference, ids);
    for (const Storage storage : {Storage::f32, Storage::bf16})
      for (const Kernels* table : supported_kernels())
        for (const int threads : {1, 3}) {
          const auto model = small_model(small_config(), {threads, table}, storage, biases);
          CHECK(model->threads() == threads);
          ForwardOptions options;
          options.chunk = threads == 3 ? 9 : 0;
          REQUIRE(fresh(*model, ids, Want::all, options) == expected);
        }
  }
}

TEST_CASE("each activation computes something else") {
  std::vector<Logits> found;
  for (const Activation activation : {Activation::silu, Activation::gelu_erf, Activation::gelu_tanh}) {
    ModelConfig config = small_config();
    config.activation = activation;
    found.push_back(fresh(*small_model(config), text(5)));
  }
  CHECK(found[0] != found[1]);
  CHECK(found[1] != found[2]);
}

TEST_CASE("with dynamic RoPE every position is a full forward that ends there") {
  const auto model = small_model(dynamic_config(12));
  const std::vector<int> ids = text(30);
  Logits expected;
  for (int length = 1; length <= 30; ++length)
    expected[length - 1] =
        fresh(*model, std::span(ids).first(static_cast<std::size_t>(length)), Want::last).at(length - 1);
  // The test would be empty if the frequencies did not matter.
  CHECK(fresh(*small_model(), ids, Want::last).at(29) != expected.at(29));

  CHECK(fresh(*model, ids) == expected);
  for (const int chunk : {1, 5}) {
    ForwardOptions options;
    options.chunk = chunk;
    CHECK(fresh(*model, ids, Want::all, options) == expected);
  }
  Sequence sequence(*model, 30);
  for (int position = 0; position < 30; ++position)
    CHECK(feed(*model, sequence, std::span(ids).subspan(static_cast<std::size_t>(position), 1), Want::last)
              .at(position) == expected.at(position));
  // Back over the border and forward again.
  sequence.truncate(8);
  CHECK(feed(*model, sequence, std::span(ids).subspan(8, 3)).at(10) == expected.at(10));
  CHECK(feed(*model, sequence, std::span(ids).subspan(11), Want::last).at(29) == expected.at(29));
}

TEST_CASE("several sequences at once, on either side of a dynamic border") {
  const auto model = small_model(dynamic_config(12));
  const std::vector<int> a = text(9), b = text(25, 2), c = text(14, 3);
  Sequence sequences[] = {{*model, 9}, {*model, 25}, {*model, 14}};
  feed(*model, sequences[1], std::span(b).first(10), Want::none);
  const Feed feeds[] = {{&sequences[0], a, Want::last},
                        {&sequences[1], std::span(b).subspan(10), Want::all},
                        {&sequences[2], c, Want::none}};
  std::map<int, Logits> found;
  int total_seen = 0;
  ForwardOptions options;
  options.progress = [&](int done, int total) {
    CHECK(done <= total);
    total_seen = total;
  };
  CHECK(model->forward(
      feeds,
      [&](int f, int position, std::span<const float> z) { found[f][position].assign(z.begin(), z.end()); },
      options));
  CHECK(found.size() == 2);
  CHECK(found[0] == fresh(*model, a, Want::last));
  const Logits of_b = fresh(*model, b);
  CHECK(found[1].size() == 15);
  for (const auto& [position, z] : found[1]) CHECK(z == of_b.at(position));
  CHECK(total_seen > 9 + 15 + 14);
}

TEST_CASE("a stopped forward leaves whole chunks behind and can be taken up again") {
  const auto model = small_model();
  const std::vector<int> ids = text(40);
  const Logits expected = fresh(*model, ids);
  std::atomic<bool> stop = true;
  ForwardOptions options;
  options.stop = &stop;
  options.chunk = 8;
  Sequence sequence(*model, 40);
  const auto ignore = [](int, int, std::span<const float>) {};
  const Feed whole{&sequence, ids, Want::last};
  CHECK_FALSE(model->forward({&whole, 1}, ignore, options));
  CHECK(sequence.length() == 0);

  stop = false;
  options.progress = [&](int done, int) { stop = done >= 16; };
  CHECK_FALSE(model->forward({&whole, 1}, ignore, options));
  CHECK(sequence.length() == 16);
  CHECK(feed(*model, sequence, std::span(ids).subspan(16), Want::last).at(39) == expected.at(39));
}

TEST_CASE("stopping while a dynamic sequence is recomputed keeps its tokens") {
  const auto model = small_model(dynamic_config(12));
  const std::vector<int> ids = text(30);
  Sequence sequence(*model, 30);
  feed(*model, sequence, std::span(ids).first(20), Want::none);
  std::atomic<bool> stop = false;
  ForwardOptions options;
  options.stop = &stop;
  options.chunk = 4;
  options.progress = [&](int, int) { stop = true; };
  const Feed next{&sequence, std::span(ids).subspan(20, 5), Want::last};
  CHECK_FALSE(model->forward({&next, 1}, {}, options));
  CHECK(sequence.length() == 20);
  CHECK(feed(*model, sequence, std::span(ids).subspan(20), Want::last) == fresh(*model, ids, Want::last));
}

TEST_CASE("what callbacks throw passes through and the sequence can go on") {
  const auto model = small_model(small_config(), {2, nullptr});
  const std::vector<int> ids = text(30);
  const Logits expected = fresh(*model, ids);
  struct Mine {};
  Sequence sequence(*model, 30);
  const Feed whole{&sequence, ids, Want::all};
  ForwardOptions options;
  options.chunk = 10;
  CHECK_THROWS_AS(model->forward(
                      {&whole, 1},
                      [](int, int position, std::span<const float>) {
                        if (position == 12) throw Mine();
                      },
                      options),
                  Mine);
  CHECK(sequence.length() == 20);
  options.observer = [](int, int, int stage, std::span<const float>) {
    if (stage == 1) throw Mine();
  };
  const Feed rest{&sequence, std::span(ids).subspan(20), Want::all};
  CHECK_THROWS_AS(model->forward(
                      {&rest, 1}, [](int, int, std::span<const float>) {}, options),
                  Mine);
  CHECK(sequence.length() == 20);
  CHECK(feed(*model, sequence, std::span(ids).subspan(20)).at(29) == expected.at(29));
}

TEST_CASE("an observer sees every stage of every position and changes nothing") {
  const auto model = small_model(small_config(), {3, nullptr});
  const std::vector<int> ids = text(11), others = text(4, 5);
  const Logits expected = fresh(*model, ids);
  Sequence one(*model, 11), two(*model, 4);
  const Feed feeds[] = {{&one, ids, Want::all}, {&two, others, Want::none}};
  std::map<std::pair<int, int>, std::vector<int>> stages;
  ForwardOptions options;
  options.chunk = 4;
  options.observer = [&](int f, int position, int stage, std::span<const float> hidden) {
    CHECK(hidden.size() == 22);
    stages[{f, position}].push_back(stage);
  };
  Logits found;
  CHECK(model->forward(
      feeds, [&](int, int position, std::span<const float> z) { found[position].assign(z.begin(), z.end()); },
      options));
  CHECK(found == expected);
  CHECK(stages.size() == 15);
  for (const auto& [where, seen] : stages) CHECK(seen == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("what cannot be run is refused with the reason, before anything changes") {
  const auto model = small_model(), other = small_model();
  Sequence sequence(*model, 5), foreign(*other, 5);
  const std::vector<int> good = {1, 2}, bad = {1, 37}, negative = {-1}, many = {1, 2, 3, 4, 5, 6};
  const auto run = [&](std::vector<Feed> feeds) { return refusal([&] { model->forward(feeds, {}, {}); }); };
  CHECK(run({{&sequence, bad}}).find("token id 37 is outside [0, 37)") != std::string::npos);
  CHECK(run({{&sequence, negative}}).find("-1") != std::string::npos);
  CHECK(run({{&sequence, many}}).find("capacity of 5") != std::string::npos);
  CHECK(run({{&sequence, good}, {&sequence, good}}).find("two feeds") != std::string::npos);
  CHECK(run({{&foreign, good}}).find("another model") != std::string::npos);
  CHECK(run({{nullptr, good}}).find("no sequence") != std::string::npos);
  CHECK(sequence.length() == 0);
  CHECK_THROWS_AS(Sequence(*model, -1), std::invalid_argument);

  ModelConfig config = small_config();
  Weights weights = test::small_weights(config, Storage::f32, true);
  weights.layers[1].mlp.down.weight.cols = 34;
  CHECK(refusal([&] { Model(config, std::move(weights)); }) ==
        "model: layer 1 down: 22 x 35 expected, 22 x 34 found");
  config.n_kv_heads = 3;
  CHECK(refusal([&] { Model(config, test::small_weights(config, Storage::f32, true)); }).find("divide") !=
        std::string::npos);
}
