#include "loaders/model/hf_quantization.h"

#include <doctest/doctest.h>

#include "loaders/model/model_folder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/tiny_model.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::optional<QuantizationScheme> scheme(const std::string& members) {
  const JsonDocument config = parse_json(R"({"quantization_config": {)" + members + "}}", "config.json");
  return quantization_scheme(config.root());
}
std::string scheme_error(const std::string& members) {
  return load_error([&] { scheme(members); });
}

const std::string pack_config =
    R"("quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"g":
    {"targets": ["Linear"], "weights": {"num_bits": 4, "strategy": "group", "group_size": 64)";

}  // namespace

TEST_CASE("a scheme says in words what the files hold") {
  CHECK(scheme(R"("quant_method": "awq", "bits": 4, "group_size": 128)")->text() ==
        "AWQ, 4 bits, groups of 128");
  CHECK(scheme(R"("quant_method": "gptq", "bits": 3, "group_size": -1)")->text() ==
        "GPTQ, 3 bits, a scale per row");
  CHECK(scheme(R"("quant_method": "fp8", "weight_block_size": [64, 32])")->text() ==
        "FP8, blocks of 64 x 32, activations not quantised");
  CHECK(scheme(R"("quant_method": "fp8")")->text() == "FP8, blocks of 128 x 128, activations not quantised");
  CHECK(scheme(R"("quant_method": "fp8", "weight_block_size": null)")->text() ==
        "FP8, a scale per matrix, activations not quantised");
  CHECK(scheme(R"("quant_method": "mxfp4")")->text() == "MXFP4, groups of 32");
  CHECK(scheme(pack_config + "}}}")->text() == "compressed-tensors, 4 bits, groups of 64");
  CHECK(scheme(pack_config + R"(}, "input_activations": {"num_bits": 8}}})")->text() ==
        "compressed-tensors, 4 bits, groups of 64, activations not quantised");
}

TEST_CASE("where the key stands, and what decides beside it") {
  const auto of = [](const std::string& config) {
    const JsonDocument document = parse_json(config, "config.json");
    return quantization_scheme(document.root());
  };
  CHECK_FALSE(of("{}"));
  CHECK_FALSE(of(R"({"quantization_config": null})"));
  const std::string awq = R"({"quant_method": "awq", "bits": 4, "group_size": 16})";
  CHECK(of(R"({"text_config": {"quantization_config": )" + awq + "}}"));
  CHECK(of(R"({"compression_config": )" + awq + "}"));
  CHECK(scheme(R"("quant_method": "gptq", "bits": 4, "group_size": 32)")->zeros_less_one);
  CHECK_FALSE(scheme(R"("quant_method": "gptq", "bits": 4, "checkpoint_format": "gptq_v2")")->zeros_less_one);
  CHECK(scheme(pack_config + R"(, "symmetric": false}}})")->groups[0].symmetric == false);
}

TEST_CASE("what is not read is refused by key") {
  const auto refused = [](const std::string& members, const std::string& key) {
    const std::string error = scheme_error(members);
    CAPTURE(error);
    CHECK(holds(error, "config.json: quantization_config" + key));
  };
  for (const char* method : {"bitsandbytes", "hqq", "quanto", "torchao", "aqlm", "modelopt"})
    refused("\"quant_method\": \"" + std::string(method) + "\"", ".quant_method: one of awq, ");
  refused("", ": key \"quant_method\": ");
  refused(R"("quant_method": "awq")", ": key \"bits\"");
  refused(R"("quant_method": "awq", "bits": 8)", ".bits: 4 expected");
  refused(R"("quant_method": "awq", "bits": 4, "version": "gemv")",
          ".version: gemm expected, \"gemv\" found");
  refused(R"("quant_method": "awq", "bits": 4, "zero_point": false)", ".zero_point: ");
  refused(R"("quant_method": "gptq", "bits": 5)", ".bits: ");
  refused(R"("quant_method": "gptq", "bits": 4, "group_size": 0)", ".group_size: ");
  refused(R"("quant_method": "gptq", "bits": 4, "checkpoint_format": "marlin")", ".checkpoint_format: ");
  refused(R"("quant_method": "gptq", "bits": 4, "is_marlin_format": true)", ".is_marlin_format: ");
  refused(R"("quant_method": "gptq", "bits": 4, "dynamic": {"-:.*": {}})", ".dynamic: ");
  refused(R"("quant_method": "fp8", "fmt": "e5m2")", ".fmt: ");
  refused(R"("quant_method": "fp8", "expert_dtype": "fp4")", ".expert_dtype: ");
  refused(R"("quant_method": "fp8", "weight_block_size": [128])", ".weight_block_size: ");
  refused(R"("quant_method": "fp8", "weight_block_size": [128, 0])", ".weight_block_size[1]: ");
  refused(R"("quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized")", ".format: ");
  refused(R"("quant_method": "compressed-tensors", "quantization_status": "frozen")",
          ".quantization_status: ");
  refused(pack_config + R"(}}, "h": ["Linear"]})", ".config_groups.h: ");
  refused(pack_config + R"(, "dynamic": true}}})", ".config_groups.g.weights.dynamic: ");
  refused(pack_config + R"(, "type": "float"}}})", ".config_groups.g.weights: ");
  refused(pack_config + R"(}}}, "sparsity_config": {"format": "sparse-24-bitmask"})",
          ".sparsity_config.format: ");
  refused(pack_config + R"(}}}, "transform_config": {"config_groups": {}})", ".transform_config: ");
}

TEST_CASE(
    "codes without a word about them in config.json are refused, biases of zeros beside codes are not") {
  const TemporaryFolder folder;
  const std::string config = R"({"architectures": ["LlamaForCausalLM"], "vocab_size": 5, "hidden_size": 4,
    "num_hidden_layers": 1, "intermediate_size": 3, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 6)";
  auto tensors = tiny_tensors(tiny_config());
  TensorToWrite& down = tensor_named(tensors, "model.layers.0.mlp.down_proj.weight");
  down = {down.name, "F8_E4M3", {4, 3}, std::string(12, '\x40')};  // 2
  tensors.push_back({"model.layers.0.mlp.down_proj.weight_scale_inv", "F32", {1, 1}, f32_bytes({0.7f})});
  const auto write = [&](const std::string& more) {
    write_file(folder.path() / "model.safetensors", safetensors_file(tensors));
    write_file(folder.path() / "config.json", config + more + "}");
  };
  write("");
  CHECK(holds(load_error([&] { load_model(folder.path()); }),
              "tensor \"model.layers.0.mlp.down_proj.weight\": codes of quantised weights found"));
  const std::string fp8 = R"(, "quantization_config": {"quant_method": "fp8"})";
  write(fp8);
  const LoadedModel loaded = load_model(folder.path());
  CHECK(loaded.stored == "FP8, blocks of 128 x 128, activations not quantised");
  const Matrix& matrix = loaded.weights.layers[0].mlp.down.weight;
  CHECK(matrix.storage == Storage::f32);
  CHECK(static_cast<const float*>(matrix.data)[11] == 1.4f);
  tensors.push_back({"model.layers.0.mlp.down_proj.bias", "F32", {4}, f32_bytes({0, 0, 0, 0})});
  write(fp8);
  load_model(folder.path());
  tensors.back().data = f32_bytes({0, 0, 1, 0});
  write(fp8);
  CHECK(holds(load_error([&] { load_model(folder.path()); }), "\"model.layers.0.mlp.down_proj.bias\""));
}
