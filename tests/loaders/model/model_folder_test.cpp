#include "loaders/model/model_folder.h"

#include <doctest/doctest.h>

#include <tuple>

#include "loaders/json/json_file.h"
#include "loaders/model/hf_config.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/tiny_model.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

constexpr const char* tiny_json =
    R"({"architectures": ["LlamaForCausalLM"], "vocab_size": 5, "hidden_size": 4, "num_hidden_layers": 1,
    "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 6, "intermediate_size": 3, "eos_token_id": 3})";

void write_tiny(const std::filesystem::path& folder) {
  write_file(folder / "config.json", tiny_json);
  write_file(folder / "model.safetensors", safetensors_file(tiny_tensors(tiny_config())));
}

}  // namespace

TEST_CASE("a folder gives config, generation settings and weights") {
  const TemporaryFolder folder;
  write_tiny(folder.path());
  CHECK(load_model(folder.path()).generation.eos == std::vector<int>{3});
  write_file(folder.path() / "generation_config.json", R"({"eos_token_id": [4], "temperature": 0.25})");
  const LoadedModel model = load_model(folder.path());
  CHECK(model.config.head_dim == 6);
  CHECK(model.generation.eos == std::vector<int>{3, 4});
  CHECK(model.generation.temperature == 0.25);
  CHECK(model.weights.layers.size() == 1);
}

TEST_CASE("the folder may be a link, and the files in it") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "real");
  write_tiny(folder.path() / "real");
  std::filesystem::create_directory_symlink("real", folder.path() / "link");
  CHECK(load_model(folder.path() / "link").config.vocab_size == 5);
  std::filesystem::create_directory(folder.path() / "cache");
  for (const char* name : {"config.json", "model.safetensors"})
    std::filesystem::create_symlink(folder.path() / "real" / name, folder.path() / "cache" / name);
  CHECK(load_model(folder.path() / "cache").config.vocab_size == 5);
}

TEST_CASE("a path that is no model folder is refused as what it is") {
  const TemporaryFolder folder;
  const auto error_of = [&](const char* name) {
    return load_error([&] { load_settings(folder.path() / name); });
  };
  CHECK(holds(error_of("absent"),
              "absent: a model folder (with config.json) or a GGUF file expected, nothing found"));
  write_file(folder.path() / "file.gguf", "GGUF");
  CHECK(holds(error_of("file.gguf"), "file.gguf: version: 4 bytes expected"));
  write_file(folder.path() / "file.txt", "text");
  CHECK(holds(error_of("file.txt"), "file.txt: a GGUF file"));
  CHECK(
      holds(error_of("file.gguf/below"), "below: a model folder (with config.json) or a GGUF file expected"));
  std::filesystem::create_symlink("loop", folder.path() / "loop");
  CHECK(holds(error_of("loop"), "loop: a model folder (with config.json) or a GGUF file expected: "));
  std::filesystem::create_directory(folder.path() / "empty");
  CHECK(holds(error_of("empty"), "empty/config.json: a readable file expected: No such file or directory"));
  std::filesystem::create_directory(folder.path() / "huge");
  write_file(folder.path() / "huge/config.json", "");
  std::filesystem::resize_file(folder.path() / "huge/config.json", std::uintmax_t{1} << 33);
  CHECK(holds(error_of("huge"),
              "huge/config.json: a JSON file of at most 16777216 bytes expected, 8589934592 found"));
}

TEST_CASE("a broken generation_config.json is not passed over") {
  const TemporaryFolder folder;
  write_tiny(folder.path());
  write_file(folder.path() / "generation_config.json", "{");
  CHECK(holds(load_error([&] { load_settings(folder.path()); }), "generation_config.json: 1:2: "));
}

TEST_CASE("a config as transformers 4 and as 5 writes it is the same model") {
  if (!shared_has("goldens/models/llama-gqa-llama3-bf16-newcfg")) return;
  const auto read = [](const char* name) {
    return model_config(load_json(shared_dir() / "goldens" / "models" / name / "config.json"));
  };
  const ModelConfig old_spelling = read("llama-gqa-llama3-bf16"),
                    new_spelling = read("llama-gqa-llama3-bf16-newcfg");
  const auto all = [](const ModelConfig& c) {
    return std::tuple(c.architecture, c.vocab_size, c.hidden_size, c.n_layers, c.n_heads, c.n_kv_heads,
                      c.head_dim, c.intermediate_size, c.max_position, c.norm_epsilon, c.qkv_bias, c.o_bias,
                      c.mlp_bias, c.tied_embeddings, c.activation, c.ropes[0].kind, c.ropes[0].theta,
                      c.ropes[0].factor, c.ropes[0].original_max_position, c.ropes[0].low_freq_factor,
                      c.ropes[0].high_freq_factor);
  };
  CHECK(all(old_spelling) == all(new_spelling));
  CHECK(old_spelling.ropes[0].kind == RopeKind::llama3);
}

TEST_CASE("the golden models of the architectures at hand load") {
  if (!shared_has("goldens/models")) return;
  for (const char* name : {"llama-mha-f32", "llama-headdim-sharded-f32", "llama-mqa-linear-bias-f16",
                           "llama-gqa-llama3-bf16", "llama-yarn-bf16"}) {
    CAPTURE(name);
    const LoadedModel model = load_model(shared_dir() / "goldens" / "models" / name);
    const bool bf16 = std::string(name).ends_with("bf16");
    CHECK(model.weights.embedding.storage == (bf16 ? Storage::bf16 : Storage::f32));
  }
}
