#include "loaders/model/tensor_mapping.h"

#include <doctest/doctest.h>

#include "tests/loaders/load_error_check.h"
#include "tests/loaders/tiny_model.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::string mapping_error(const std::vector<TensorToWrite>& tensors, const ModelConfig& config,
                          bool ignore_extra = false) {
  const TemporaryFolder folder;
  write_file(folder.path() / "model.safetensors", safetensors_file(tensors));
  const TensorFiles files(folder.path());
  Weights weights;
  return load_error([&] { plan_weights(files, config, ignore_extra, weights); });
}

}  // namespace

TEST_CASE("every single tensor is missed by name") {
  ModelConfig config = tiny_config();
  config.qkv_bias = config.o_bias = config.mlp_bias = true;
  const auto tensors = tiny_tensors(config);
  CHECK(mapping_error(tensors, config) == "");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    auto fewer = tensors;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(holds(
        mapping_error(fewer, config),
        "model.safetensors: tensors expected from config.json, none found: \"" + tensors[i].name + "\""));
  }
}

TEST_CASE("every single tensor of another shape is refused by name, expected and found shape") {
  ModelConfig config = tiny_config();
  config.qkv_bias = config.o_bias = config.mlp_bias = true;
  const auto tensors = tiny_tensors(config);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    auto changed = tensors;
    changed[i].shape.insert(changed[i].shape.begin(), 1);
    const std::string error = mapping_error(changed, config);
    CHECK(holds(error, "model.safetensors: tensor \"" + tensors[i].name +
                           "\": " + shape_text(tensors[i].shape) + " expected from config.json ("));
    CHECK(holds(error, shape_text(changed[i].shape) + " found"));
  }
  ModelConfig other = config;
  other.intermediate_size = 7;
  CHECK(holds(mapping_error(tensors, other),
              "tensor \"model.layers.0.mlp.gate_proj.weight\": 7 x 4 expected from config.json "
              "(intermediate_size x hidden_size), 3 x 4 found"));
  other = config;
  other.n_kv_heads = 2;
  CHECK(holds(mapping_error(tensors, other),
              "tensor \"model.layers.0.self_attn.k_proj.weight\": 12 x 4 expected from config.json "
              "(num_key_value_heads * head_dim x hidden_size), 6 x 4 found"));
}

TEST_CASE("tensors the architecture does not have are listed, or passed over on request") {
  const ModelConfig config = tiny_config();
  auto tensors = tiny_tensors(config);
  tensors.push_back({"model.layers.0.mystery.weight", "F32", {1}, "1234"});
  CHECK(holds(mapping_error(tensors, config), "found: \"model.layers.0.mystery.weight\""));
  CHECK(mapping_error(tensors, config, true) == "");
  // A bias that the config does not announce would silently be left out.
  ModelConfig biased = config;
  biased.qkv_bias = true;
  CHECK(holds(mapping_error(tiny_tensors(biased), config), "\"model.layers.0.self_attn.q_proj.bias\""));
  for (int i = 0; i < 20; ++i) tensors.push_back({"extra" + std::to_string(i), "U8", {1}, "x"});
  CHECK(holds(mapping_error(tensors, config), "\"extra15\" and 13 more"));
}

TEST_CASE("empty tensors and the rotary buffers of early files are no surplus") {
  const ModelConfig config = tiny_config();
  auto tensors = tiny_tensors(config);
  tensors.push_back({"anything", "I64", {3, 0}, ""});
  tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {1}, "1234"});
  tensors.push_back({"model.layers.0.self_attn.rotary_emb.scale", "F16", {}, "12"});
  CHECK(mapping_error(tensors, config) == "");
}

TEST_CASE("weights are floats of 16 or 32 bits") {
  const ModelConfig config = tiny_config();
  auto tensors = tiny_tensors(config);
  tensor_named(tensors, "model.norm.weight") = {"model.norm.weight", "I32", {4}, std::string(16, '\0')};
  CHECK(holds(mapping_error(tensors, config),
              "tensor \"model.norm.weight\": F32, F16 or BF16 expected, I32 found"));
}

TEST_CASE("more layers than the file can hold cost no memory") {
  const auto tensors = tiny_tensors(tiny_config());
  const ModelConfig config = tiny_config(65536);
  const std::string error = mapping_error(tensors, config);
  CHECK(holds(error, "none found: \"model.layers.1.input_layernorm.weight\""));
  CHECK(holds(error, " more"));
  CHECK(error.size() < 1000);
}

TEST_CASE("layers beyond the config are surplus") {
  CHECK(holds(mapping_error(tiny_tensors(tiny_config(2)), tiny_config(1)),
              "\"model.layers.1.input_layernorm.weight\""));
}

TEST_CASE("the text part of a multimodal folder stands below a prefix, beside parts that are not asked for") {
  const ModelConfig config = tiny_config();
  for (const std::string prefix : {"language_model.", "model.language_model."}) {
    auto tensors = tiny_tensors(config);
    for (TensorToWrite& tensor : tensors) {
      const bool head = tensor.name == "lm_head.weight";
      if (prefix == "language_model.") tensor.name = prefix + tensor.name;
      if (prefix == "model.language_model." && !head) tensor.name = prefix + tensor.name.substr(6);
    }
    tensors.push_back({"vision_tower.patch.weight", "F32", {1}, "1234"});
    CHECK(mapping_error(tensors, config) == "");
    tensors.push_back({tensors.front().name + ".mystery", "F32", {1}, "1234"});
    CHECK(holds(mapping_error(tensors, config), ".mystery"));
  }
}

TEST_CASE("rows of one matrix become several, norms of heads one after the other") {
  ModelConfig config = tiny_config();
  config.architecture = "Phi3ForCausalLM";
  auto tensors = tiny_tensors(config);
  std::erase_if(tensors, [](const TensorToWrite& tensor) {
    return holds(tensor.name, "_proj") && !holds(tensor.name, "o_proj") && !holds(tensor.name, "down");
  });
  tensors.push_back({"model.layers.0.self_attn.qkv_proj.weight", "F32", {24, 4}, std::string(24 * 16, 'q')});
  tensors.push_back({"model.layers.0.mlp.gate_up_proj.weight", "F32", {6, 4}, std::string(6 * 16, 'g')});
  CHECK(mapping_error(tensors, config) == "");
  tensors.back().shape = {4, 6};
  CHECK(
      holds(mapping_error(tensors, config),
            "gate_up_proj.weight\": 6 x 4 expected from config.json (2 * intermediate_size x hidden_size)"));

  config = tiny_config();
  config.architecture = "StableLmForCausalLM";
  config.head_norm = HeadNorm::own;
  tensors = tiny_tensors(config);
  CHECK(holds(mapping_error(tensors, config), "model.layers.0.self_attn.q_layernorm.norms.0.weight"));
  for (const char* norm : {"q_layernorm.norms.0", "q_layernorm.norms.1", "k_layernorm.norms.0"})
    tensors.push_back(
        {"model.layers.0.self_attn." + std::string(norm) + ".weight", "F32", {6}, std::string(24, 'n')});
  CHECK(mapping_error(tensors, config) == "");
}
