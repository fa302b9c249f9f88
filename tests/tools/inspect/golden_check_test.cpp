#include "tools/inspect/golden_check.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "loaders/model/model_folder.h"
#include "tests/support.h"

namespace kelvin {
namespace {

namespace fs = std::filesystem;

const std::string name = "llama-gqa-llama3-bf16";  // two layers

GoldenDump dump_of(const Model& model, const std::string& which = name) {
  const ModelConfig& config = model.config();
  return read_golden(
      test::data_dir() / "goldens" / "golden" / which,
      {static_cast<std::size_t>(config.vocab_size), static_cast<std::size_t>(config.hidden_size),
       static_cast<std::size_t>(config.n_layers)});
}

const GoldenSequence& sequence_named(const GoldenDump& dump, const std::string& which) {
  for (const GoldenSequence& sequence : dump.sequences)
    if (sequence.name == which) return sequence;
  throw std::runtime_error("no sequence " + which);
}

TEST_CASE("a model is held against its dump at every position and stage") {
  LoadedModel loaded = load_model(test::data_dir() / "goldens" / "models" / name);
  Model model(loaded.config, std::move(loaded.weights), {.threads = 1});
  const GoldenDump dump = dump_of(model);
  CHECK(dump.tolerance.value() == 0.00026);
  REQUIRE(dump.sequences.size() == 3);
  const SequenceCheck check = check_sequence(model, sequence_named(dump, "short"), 1e-4);
  CHECK(check.agrees);
  CHECK(check.first_difference() == nullptr);
  REQUIRE(check.positions.size() == 7);
  for (const PositionCheck& p : check.positions) {
    CHECK(p.logits_error.value() < 1e-4);
    CHECK(p.argmax == p.expected_argmax);
    CHECK(p.nll_error.has_value() == (p.position < 6));
  }
  REQUIRE(check.stages.size() == 4);
  CHECK(check.stages[1].name == "output of layer 0");
  CHECK(check.stages[3].name == "output of the final norm");
  CHECK_FALSE(check_sequence(model, sequence_named(dump, "short"), 1e-9).agrees);
}

TEST_CASE("the first layer that differs is named") {
  LoadedModel loaded = load_model(test::data_dir() / "goldens" / "models" / name);
  const auto& norm = loaded.weights.layers[1].mlp_norm.weight;
  std::vector<float> changed(norm.begin(), norm.end());
  changed[3] *= 1.25f;
  loaded.weights.layers[1].mlp_norm.weight = changed;
  Model model(loaded.config, std::move(loaded.weights), {.threads = 1});
  const GoldenDump dump = dump_of(model);
  const SequenceCheck check = check_sequence(model, sequence_named(dump, "short"), 1e-4);
  CHECK_FALSE(check.agrees);
  CHECK(check.logits_error > 1e-3);
  REQUIRE(check.first_difference() != nullptr);
  CHECK(check.first_difference()->name == "output of layer 1");
  CHECK_FALSE(check_sequence(model, sequence_named(dump, "long"), 1e-4).agrees);
}

// As the script in tools/README.md writes it: every position, but no output of the last layer before its norm.
TEST_CASE("a dump of transformers' own hidden states") {
  LoadedModel loaded = load_model(test::data_dir() / "goldens" / "models" / name);
  Model model(loaded.config, std::move(loaded.weights), {.threads = 1});
  const auto width = static_cast<std::size_t>(model.config().hidden_size);
  GoldenSequence golden;
  golden.name = "text";
  golden.ids = {364, 117, 141, 259};
  std::vector<float> hidden(3 * 4 * width);
  Sequence sequence(model, 4);
  const Feed feed{&sequence, golden.ids, Want::none};
  ForwardOptions options;
  options.observer = [&](int, int position, int stage, std::span<const float> h) {
    if (stage == 2) return;
    const std::size_t row = static_cast<std::size_t>(std::min(stage, 2) * 4 + position);
    std::copy(h.begin(), h.end(), hidden.begin() + static_cast<std::ptrdiff_t>(row * width));
  };
  model.forward({&feed, 1}, {}, options);

  const test::TemporaryFolder folder;
  const auto check = [&] {
    std::ofstream(folder.path() / "hidden.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(hidden.data()), static_cast<std::streamsize>(hidden.size() * 4));
    golden.hidden.emplace(folder.path() / "hidden.bin", GoldenArray::Type::float32,
                          std::vector<std::size_t>{3, 4, width});
    return check_sequence(model, golden, 1e-4);
  };
  const SequenceCheck same = check();
  CHECK(same.agrees);
  REQUIRE(same.stages.size() == 3);
  CHECK(same.stages[2].name == "output of the final norm");
  CHECK(same.stages[2].error == 0);
  hidden[(1 * 4 + 2) * width + 5] += 1;
  const SequenceCheck changed = check();
  CHECK_FALSE(changed.agrees);
  REQUIRE(changed.first_difference() != nullptr);
  CHECK(changed.first_difference()->name == "output of layer 0");
  CHECK(changed.first_difference()->position == 2);
}

TEST_CASE("positions whose RoPE frequencies depend on the length are left out") {
  const std::string dynamic = "llama-dynamic-bf16";
  LoadedModel loaded = load_model(test::data_dir() / "goldens" / "models" / dynamic);
  Model model(loaded.config, std::move(loaded.weights), {.threads = 1});
  const GoldenDump dump = dump_of(model, dynamic);
  const SequenceCheck check = check_sequence(model, sequence_named(dump, "mid"), 1e-4);
  CHECK(check.agrees);
  CHECK(check.left_out == 69);
  REQUIRE(check.positions.size() == 1);
  CHECK(check.positions[0].logits_error.value() < 1e-4);
}

GoldenDump shared_dump(const fs::path& shared, const std::string& folder, const ModelConfig& config) {
  return read_golden(shared / "golden" / folder, {static_cast<std::size_t>(config.vocab_size),
                                                  static_cast<std::size_t>(config.hidden_size),
                                                  static_cast<std::size_t>(config.n_layers)});
}

TEST_CASE("text parts of multimodal models and quantised folders agree with transformers") {
  if (!test::shared_has("goldens26/models")) return;
  const fs::path shared = test::shared_dir() / "goldens26";
  for (const char* folder :
       {"smolvlm-bf16", "qwen2vl-bf16", "qwen25vl-bf16", "qwen3vl-bf16", "internvl-bf16", "gemma3vl-bf16",
        "fp8-qwen3", "ct-w4a16-g128-llama", "ct-w8a8-int8-qwen2", "gptq-llama", "awq-qwen2"}) {
    CAPTURE(std::string(folder));
    const bool plain = fs::path(folder).string().ends_with("-bf16");
    LoadOptions options;
    if (!plain) options.storage = Storage::f32;
    LoadedModel loaded = load_model(shared / "models" / folder, options);
    CHECK(loaded.stored.empty() == plain);
    CHECK(loaded.weights.kind().layers == (plain ? Storage::bf16 : Storage::f32));
    Model model(loaded.config, std::move(loaded.weights), {.threads = 1});
    const GoldenDump dump = shared_dump(shared, folder, model.config());
    for (const GoldenSequence& sequence : dump.sequences)
      CHECK(check_sequence(model, sequence, dump.tolerance.value()).agrees);
  }
}

// The weights are exact, activations have 8 bits and a scale for 32 of them: steps of 1/127 of the largest, which is
// about 2.4 times their root mean square. A step over sqrt(12) makes that 0.55 % for each of a layer's seven products;
// they add up as squares, and attention may magnify them.
double activation_error(int layers) { return 3 * 2.4 / 127 / std::sqrt(12.0) * std::sqrt(7.0 * layers); }

TEST_CASE("quantised folders as they are stay near transformers") {
  if (!test::shared_has("goldens26/models")) return;
  const fs::path shared = test::shared_dir() / "goldens26";
  const std::pair<const char*, Storage> folders[] = {{"fp8-qwen3", Storage::f32},
                                                     {"ct-w4a16-g128-llama", Storage::int4},
                                                     {"ct-w8a8-int8-qwen2", Storage::int8},
                                                     {"gptq-llama", Storage::int4},
                                                     {"awq-qwen2", Storage::int4_zero}};
  for (const auto& folder_and_storage : folders) {
    const std::string folder = folder_and_storage.first;
    const Storage storage = folder_and_storage.second;
    CAPTURE(folder);
    LoadedModel loaded = load_model(shared / "models" / folder);
    CHECK(std::string(name_of(loaded.weights.kind().layers)) == name_of(storage));
    Model model(loaded.config, std::move(loaded.weights), {.threads = 1});
    const GoldenDump dump = shared_dump(shared, folder, model.config());
    for (const GoldenSequence& sequence : dump.sequences) {
      CAPTURE(sequence.name);
      const GoldenArray& last = sequence.last_logits.value();
      const std::size_t vocabulary = last.shape().front();
      Sequence run(model, static_cast<int>(sequence.ids.size()));
      const Feed feed{&run, sequence.ids, Want::last};
      double error = 0, spread = 0, mean = 0;
      for (std::size_t i = 0; i < vocabulary; ++i) mean += last[i] / static_cast<double>(vocabulary);
      model.forward({&feed, 1}, [&](int, int, std::span<const float> found) {
        for (std::size_t i = 0; i < vocabulary; ++i) {
          error += std::pow(found[i] - last[i], 2);
          spread += std::pow(last[i] - mean, 2);
        }
      });
      CHECK(std::sqrt(error / spread) < activation_error(model.config().n_layers));
    }
  }
}

}  // namespace
}  // namespace kelvin
