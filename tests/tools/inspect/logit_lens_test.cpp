#include "tools/inspect/logit_lens.h"

#include <doctest/doctest.h>

#include <cstring>
#include <map>

#include "loaders/model/model_folder.h"
#include "tests/support.h"
#include "tools/inspect/logits_pass.h"

namespace kelvin {
namespace {

// Dynamic RoPE: beyond 64 positions every one is a forward of its own.
TEST_CASE("the lens' last layer is the model, bit for bit, whatever the RoPE") {
  for (const std::string name : {"llama-gqa-llama3-bf16", "llama-dynamic-bf16"}) {
    CAPTURE(name);
    LoadedModel loaded = load_model(test::data_dir() / "goldens" / "models" / name);
    Model model(loaded.config, std::move(loaded.weights), {.threads = 1});
    const auto vocabulary = static_cast<std::size_t>(model.config().vocab_size);
    std::vector<int> ids;
    for (int i = 0; i < 70; ++i) ids.push_back((i * 37 + 11) % model.config().vocab_size);
    std::map<int, std::vector<float>> plain;
    pass_over(model, ids, {}, [&](const PositionLogits& at) {
      CHECK(at.lens.empty());
      plain[at.position].assign(at.logits.begin(), at.logits.end());
    });
    int seen = 0;
    LogitsPassOptions options;
    options.lens = true;
    pass_over(model, ids, options, [&](const PositionLogits& at) {
      CHECK(at.position == seen++);
      CHECK(at.next == (seen < 70 ? std::optional(ids[static_cast<std::size_t>(seen)]) : std::nullopt));
      REQUIRE(at.lens.size() == vocabulary * static_cast<std::size_t>(model.config().n_layers + 1));
      const std::vector<float>& expected = plain.at(at.position);
      CHECK(std::memcmp(at.lens.last(vocabulary).data(), expected.data(), vocabulary * 4) == 0);
      CHECK(std::memcmp(at.lens.first(vocabulary).data(), expected.data(), vocabulary * 4) != 0);
    });
    CHECK(seen == 70);
  }
}

TEST_CASE("every layer is described beside the model") {
  // Two stages of three tokens: the first uniform, the second the model.
  const std::vector<float> lens = {0, 0, 0, 0, 1, 2};
  const std::vector<LensStage> stages = view_lens(lens, 3, 1, 1);
  REQUIRE(stages.size() == 2);
  CHECK(stages[0].entropy == doctest::Approx(1.0986123).epsilon(1e-6));
  // ln 3 - S of the model
  CHECK(stages[0].divergence == doctest::Approx(1.0986123 - stages[1].entropy).epsilon(1e-6));
  CHECK(stages[1].divergence == 0);
  CHECK(stages[0].next->probability == doctest::Approx(1.0 / 3));
  CHECK(stages[1].next->probability == doctest::Approx(0.24472847));
  CHECK(stages[1].top[0].id == 2);
}

}  // namespace
}  // namespace kelvin
