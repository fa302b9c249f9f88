// Logits, hidden states and greedy continuations of every family against transformers in float32.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/forward/model.h"
#include "engine/forward/rope_set.h"
#include "loaders/json/json_file.h"
#include "loaders/model/model_folder.h"
#include "tests/golden_models.h"

using namespace kelvin;
using namespace kelvin::engine;
namespace fs = std::filesystem;

namespace {

constexpr double tolerance = 1e-4;

std::vector<int> ids_of(const JsonValue& list) {
  std::vector<int> ids;
  for (const JsonValue id : list.items()) ids.push_back(static_cast<int>(id.as_int()));
  return ids;
}

std::unique_ptr<Model> load(const fs::path& folder) {
  LoadedModel loaded = load_model(folder);
  return std::make_unique<Model>(loaded.config, std::move(loaded.weights));
}

using LogitsByPosition = std::map<int, std::vector<float>>;

LogitsByPosition logits_of(Model& model, const std::vector<int>& ids, Want want,
                           const Observer& observer = {}) {
  Sequence sequence(model, static_cast<int>(ids.size()));
  LogitsByPosition found;
  const Feed feed{&sequence, ids, want};
  ForwardOptions options;
  options.observer = observer;
  REQUIRE(model.forward(
      {&feed, 1},
      [&](int, int position, std::span<const float> z) { found[position].assign(z.begin(), z.end()); },
      options));
  return found;
}

double distance(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    // A NaN is not close to anything.
    const double d = std::fabs(static_cast<double>(a[i]) - b[i]);
    if (!(d <= largest)) largest = d;
  }
  return largest;
}

// -log softmax(z)[id]
double nll(std::span<const float> z, int id) {
  const double top = *std::max_element(z.begin(), z.end());
  double sum = 0;
  for (const float value : z) sum += std::exp(value - top);
  return top + std::log(sum) - z[static_cast<std::size_t>(id)];
}

void check_variant(const fs::path& folder, const fs::path& golden) {
  const std::unique_ptr<Model> model = load(folder);
  const JsonDocument document = load_json(golden / "manifest.json");
  const JsonValue sequences = document.root().at("sequences");
  const RopeSet ropes(model->config().ropes);

  for (const JsonMember& member : sequences.members()) {
    const std::string which(member.key);
    CAPTURE(which);
    const std::vector<int> ids = ids_of(member.value.at("ids"));
    std::map<int, std::vector<float>> hidden;
    const Observer observer = [&](int, int position, int stage, std::span<const float> h) {
      if (position == static_cast<int>(ids.size()) - 1) hidden[stage].assign(h.begin(), h.end());
    };
    const LogitsByPosition logits =
        logits_of(*model, ids, Want::all, which == "short" ? observer : Observer{});
    REQUIRE(logits.size() == ids.size());
    CHECK(distance(logits.rbegin()->second, test::read_array<float>(golden / (which + ".last_logits.bin"))) <
          tolerance);

    // transformers rotates all positions of a forward as the last one asks for, so where frequencies depend
    // on the length its earlier positions are not a full forward's.
    const std::vector<double> nlls = test::read_array<double>(golden / (which + ".nll.bin"));
    const std::vector<float> margins = test::read_array<float>(golden / (which + ".margin.bin"));
    const std::vector<std::int32_t> argmax = test::read_array<std::int32_t>(golden / (which + ".argmax.bin"));
    const int length = static_cast<int>(ids.size());
    for (std::size_t t = 0; t < ids.size(); ++t) {
      if (ropes.frequency_set(static_cast<int>(t) + 1) != ropes.frequency_set(length)) continue;
      const std::vector<float>& z = logits.at(static_cast<int>(t));
      if (t + 1 < ids.size()) REQUIRE(nll(z, ids[t + 1]) == doctest::Approx(nlls[t]).epsilon(2e-5));
      if (margins[t] > 2 * tolerance) REQUIRE(std::max_element(z.begin(), z.end()) - z.begin() == argmax[t]);
    }

    if (which != "short") continue;
    const std::vector<float> all = test::read_array<float>(golden / "short.logits.bin");
    const std::size_t vocabulary = static_cast<std::size_t>(model->config().vocab_size);
    for (const auto& [position, z] : logits)
      CHECK(distance(z, std::span(all).subspan(static_cast<std::size_t>(position) * vocabulary, vocabulary)) <
            tolerance);
    const std::vector<float> states = test::read_array<float>(golden / "short.hidden.bin");
    const std::size_t width = static_cast<std::size_t>(model->config().hidden_size);
    REQUIRE(hidden.size() == states.size() / width);
    for (const auto& [stage, h] : hidden)
      CHECK(distance(h, std::span(states).subspan(static_cast<std::size_t>(stage) * width, width)) <
            tolerance);
  }

  const std::vector<int> prompt = ids_of(sequences.at("short").at("ids"));
  const JsonValue greedy = document.root().at("greedy16");
  const std::vector<int> expected = ids_of(greedy.at("ids"));
  Sequence sequence(*model, static_cast<int>(prompt.size() + expected.size()));
  std::vector<int> next = prompt;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (greedy.at("top2_margin").at(i).as_double() <= 2 * tolerance) break;
    const Feed feed{&sequence, next, Want::last};
    model->forward({&feed, 1}, [&](int, int, std::span<const float> z) {
      CHECK(std::max_element(z.begin(), z.end()) - z.begin() == expected[i]);
    });
    next = {expected[i]};
  }
}

void check_demo(Model& model, const std::string& name, const fs::path& goldens) {
  CAPTURE(name);
  const JsonDocument golden = load_json(goldens / (name + ".json"));
  const std::vector<int> ids = ids_of(golden.root().at("ids"));
  const LogitsByPosition logits = logits_of(model, ids, Want::all);
  CHECK(distance(logits.rbegin()->second, test::read_array<float>(goldens / (name + ".logits.bin"))) <
        tolerance);
  std::size_t t = 0;
  for (const JsonValue expected : golden.root().at("nll").items()) {
    CHECK(std::fabs(nll(logits.at(static_cast<int>(t)), ids[t + 1]) - expected.as_double()) < tolerance);
    ++t;
  }
  CHECK(t + 1 == ids.size());
}

}  // namespace

TEST_CASE("every family agrees with transformers, in the old spelling of its config and the new one") {
  for (const std::string& name : test::golden_model_names()) {
    CAPTURE(name);
    const test::GoldenModel golden(name);
    check_variant(golden.folder(), golden.results());
  }
}

TEST_CASE("the demo model agrees with transformers") {
  const std::unique_ptr<Model> model = load(test::source_dir() / "tools" / "ember");
  for (const std::string name : {"story", "unicode_raw"})
    check_demo(*model, name, test::data_dir() / "ember");
  if (!test::shared_has("ember/goldens")) return;
  for (const std::string name : {"temperature", "long_chat"})
    check_demo(*model, name, test::shared_dir() / "ember" / "goldens");
}
