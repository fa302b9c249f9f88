#include "loaders/model/lora.h"

#include <doctest/doctest.h>

#include <cmath>

#include "engine/forward/model.h"
#include "loaders/model/lora_config.h"
#include "loaders/model/model_folder.h"
#include "loaders/tensors/computed_matrix.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/tiny_model.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

const std::vector<int> adapter_ids = {5, 9, 17, 33, 60, 101, 7, 88};  // as make.py has them

std::vector<float> merged_logits(const std::filesystem::path& base, const LoadOptions& options) {
  LoadedModel loaded = load_model(base, options);
  Model model(std::move(loaded.config), std::move(loaded.weights), {.threads = 1});
  Sequence sequence(model, static_cast<int>(adapter_ids.size()));
  std::vector<float> last;
  const Feed feed{&sequence, adapter_ids, Want::last};
  model.forward({&feed, 1}, [&](int, int, std::span<const float> z) { last.assign(z.begin(), z.end()); });
  return last;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::fabs(double{a[i]} - b[i]);
    if (!(d <= largest)) largest = d;
  }
  return largest;
}

// An adapter of rank 2 for the down projection of tiny_model.h, and what is wrong with it after `change`.
struct TinyAdapter {
  std::vector<TensorToWrite> tensors = {{"base_model.model.model.layers.0.mlp.down_proj.lora_A.weight",
                                         "F32",
                                         {2, 3},
                                         f32_bytes({1, 2, 3, 4, 5, 6})},
                                        {"base_model.model.model.layers.0.mlp.down_proj.lora_B.weight",
                                         "F32",
                                         {4, 2},
                                         f32_bytes({1, 0, 0, 1, 1, 1, -1, 2})}};
  std::string config = R"({"peft_type": "LORA", "r": 2, "lora_alpha": 1)";
  ModelConfig model = tiny_config();

  TensorFiles merge() const {
    const TemporaryFolder base, adapter;
    write_file(base.path() / "model.safetensors", safetensors_file(tiny_tensors(model)));
    write_file(adapter.path() / "adapter_config.json", config + "}");
    write_file(adapter.path() / "adapter_model.safetensors", safetensors_file(tensors));
    return with_lora(TensorFiles(base.path()), adapter.path());
  }
  std::string error() const {
    return load_error([&] { merge(); });
  }
};

}  // namespace

TEST_CASE("models with adapters of peft give the logits of its merge in float32") {
  int adapters = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir() / "lora")) {
    if (!entry.is_directory()) continue;
    CAPTURE(entry.path().filename().string());
    ++adapters;
    std::string name = read_text(entry.path() / "base.txt");
    name.pop_back();
    const auto base = data_dir() / "goldens" / "models" / name;
    const auto expected = read_array<float>(entry.path() / "logits.bin");
    LoadOptions options;
    const double change = largest_difference(merged_logits(base, options), expected);
    CHECK(change > 0.1);
    options.lora = entry.path();
    CHECK(largest_difference(merged_logits(base, options), expected) < 1e-4);
    options.storage = Storage::q8;  // of what was merged
    CHECK(largest_difference(merged_logits(base, options), expected) < 0.2 * change);
  }
  CHECK(adapters == 5);
}

TEST_CASE("a merged matrix is W + alpha / r B A; others stay") {
  const TensorFiles files = TinyAdapter().merge();
  const auto& merged = files.find("model.layers.0.mlp.down_proj.weight")->stored;
  REQUIRE(merged.computed);
  CHECK_FALSE(files.find("model.layers.0.mlp.up_proj.weight")->stored.computed);
  const auto plain = tiny_tensors(tiny_config());
  std::vector<float> before(12), after(12);
  for (const TensorToWrite& tensor : plain)
    if (tensor.name == merged.name) std::memcpy(before.data(), tensor.data.data(), 48);
  merged.computed->read_rows(0, 4, after.data());
  const float delta[] = {1, 2, 3, 4, 5, 6, 5, 7, 9, 7, 8, 9};  // B A
  for (std::size_t i = 0; i < 12; ++i) CHECK(after[i] == before[i] + 0.5f * delta[i]);
}

TEST_CASE("matrices that no adapter changes are kept as they were") {
  LoadOptions options;
  options.lora = data_dir() / "lora" / "plain";  // for q_proj and down_proj
  const LoadedModel loaded = load_model(data_dir() / "goldens" / "models" / "llama-gqa-llama3-bf16", options);
  for (const LayerWeights& layer : loaded.weights.layers) {
    CHECK(layer.q.weight.storage == Storage::f32);
    CHECK(layer.mlp.down.weight.storage == Storage::f32);
    CHECK(layer.k.weight.storage == Storage::bf16);
    CHECK(layer.mlp.gate.weight.storage == Storage::bf16);
  }
  CHECK(loaded.weights.embedding.storage == Storage::bf16);
}

TEST_CASE("an adapter that does not fit its model is refused by tensor") {
  const std::string stem = "base_model.model.model.layers.0.mlp.down_proj";
  const auto refused = [](const auto& change, const std::string& part) {
    TinyAdapter adapter;
    change(adapter);
    const std::string error = adapter.error();
    CAPTURE(error);
    CHECK(holds(error, part));
    CHECK(holds(error, "adapter_"));
  };
  CHECK(TinyAdapter().error() == "");
  refused([](auto& a) { a.tensors.pop_back(); }, "lora_B.weight\" expected beside it");
  refused([](auto& a) { a.tensors.erase(a.tensors.begin()); }, "lora_A.weight\" expected beside it");
  refused([](auto& a) { a.tensors[0].shape = {3, 2}; }, "3 columns expected as rows of A, 2 found");
  refused([](auto& a) { a.tensors[0].shape = {6}; }, "a matrix in F32");
  refused([](auto& a) { a.tensors[0].dtype = "I32"; }, "a matrix in F32");
  refused([](auto& a) { a.model.intermediate_size = 5; },
          "an adapter of 4 x 5 expected from the model, of 4 x 3 found");
  refused([](auto& a) { a.config = R"({"peft_type": "LORA", "r": 3, "lora_alpha": 1)"; }, "rank 3 expected");
  refused(
      [&](auto& a) {
        a.tensors.push_back({stem + ".lora_magnitude_vector", "F32", {1}, f32_bytes({1})});
      },
      "lora_magnitude_vector\": ");
  refused(
      [](auto& a) {
        a.tensors.push_back({"base_model.model.other.weight", "F32", {1}, f32_bytes({1})});
      },
      "no such tensor in the model");
  refused(
      [](auto& a) {
        for (auto& t : a.tensors) t.name.insert(t.name.find("down"), "side_");
      },
      "no matrix \"layers.0.mlp.side_down_proj.weight\"");
  refused([](auto& a) { a.tensors[0].name = "x.lora_A.weight", a.tensors[1].name = "x.lora_B.weight"; },
          "begins with base_model.model.");
  refused(
      [](auto& a) {
        a.model.tied_embeddings = true;
        a.tensors = {
            {"base_model.model.model.embed_tokens.lora_embedding_A", "F32", {2, 5}, std::string(40, '\0')},
            {"base_model.model.model.embed_tokens.lora_embedding_B", "F32", {4, 2}, std::string(32, '\0')}};
      },
      "merging would change both");
}

TEST_CASE("an embedding trained whole leaves a head that was tied to it as it was") {
  TinyAdapter adapter;
  adapter.model.tied_embeddings = true;
  adapter.tensors = {{"base_model.model.model.embed_tokens.weight", "F32", {5, 4}, std::string(80, '\0')}};
  const TensorFiles files = adapter.merge();
  const auto bytes = files.find("lm_head.weight")->stored.data;
  const std::string before = tiny_tensors(adapter.model)[0].data;
  CHECK(std::memcmp(bytes.data(), before.data(), 80) == 0);
  CHECK(files.find("model.embed_tokens.weight")->stored.data[5] == std::byte{});
}

TEST_CASE("settings of an adapter are obeyed or refused by key") {
  const auto of = [](const std::string& more) {
    return LoraConfig(
        parse_json(R"({"peft_type": "LORA", "r": 4, "lora_alpha": 6)" + more + "}", "adapter_config.json"));
  };
  CHECK(of("").scale_of("a.q_proj") == 1.5);
  CHECK(of(R"(, "use_rslora": true)").scale_of("a.q_proj") == 3.0);
  const LoraConfig patterns =
      of(R"(, "rank_pattern": {"q_proj": 2, "b\\..*": 3}, "alpha_pattern": {"a.q_proj": 8, "proj": 1})");
  CHECK(patterns.rank_of("a.q_proj") == 2);
  CHECK(patterns.rank_of("a.xq_proj") == 4);  // a whole name, or one behind a dot
  CHECK(patterns.rank_of("a.b.k") == 3);
  CHECK(patterns.scale_of("model.a.q_proj") == 4.0);
  CHECK(patterns.scale_of("c.q_proj") == 3.0);
  CHECK(of(R"(, "loftq_config": {}, "kasa_config": null, "new_key": false, "init_lora_weights": "gaussian")")
            .rank_of("a") == 4);
  const auto refused = [&](const std::string& more, const std::string& key) {
    const std::string error = load_error([&] { of(", " + more); });
    CAPTURE(error);
    CHECK(holds(error, "adapter_config.json: " + key));
  };
  for (const char* key :
       {"use_dora", "lora_bias", "fan_in_fan_out", "use_qalora", "ensure_weight_tying", "new_key"})
    refused("\"" + std::string(key) + "\": true", std::string(key) + ": absent, false or empty expected");
  for (const char* key : {"target_parameters", "layer_replication", "trainable_token_indices"})
    refused("\"" + std::string(key) + "\": [1]", key);
  refused(R"("init_lora_weights": "pissa_niter_4")", "init_lora_weights: ");
  refused(R"("bias": "some")", "bias: none, all or lora_only expected");
  refused(R"("rank_pattern": {"q": 0})", "rank_pattern.q: ");
  refused(R"("rank_pattern": {"(": 1})", "rank_pattern.(: a pattern expected");
  const auto kind = [&](const std::string& text) {
    return load_error([&] { LoraConfig(parse_json(text, "a")); });
  };
  CHECK(holds(kind(R"({"peft_type": "IA3"})"), "peft_type: LORA expected"));
  CHECK(holds(kind(R"({"peft_type": "LORA"})"), "key \"r\" expected"));
  CHECK(holds(kind("[]"), "an object expected"));
}

TEST_CASE("a folder of an adapter alone says how it is used") {
  const TemporaryFolder folder;
  write_file(folder.path() / "adapter_config.json", "{}");
  CHECK(is_only_adapter(folder.path()));
  CHECK(holds(load_error([&] { load_settings(folder.path()); }), "--lora"));
  LoadOptions options;
  options.lora = folder.path();
  const auto base = data_dir() / "goldens" / "models" / "llama-gqa-llama3-bf16";
  CHECK(holds(load_error([&] { load_model(base, options); }), "peft_type"));
  write_file(folder.path() / "adapter_config.json", R"({"peft_type": "LORA", "r": 1, "lora_alpha": 1})");
  CHECK(holds(load_error([&] { load_model(base, options); }), "adapter_model.safetensors expected"));
  write_file(folder.path() / "config.json", "{}");
  CHECK_FALSE(is_only_adapter(folder.path()));
}
