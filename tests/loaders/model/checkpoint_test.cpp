#include "loaders/model/checkpoint.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "engine/kernels/kernels.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/quantize.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/tiny_model.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::kernels;
using namespace kelvin::test;

namespace {

Weights load(const std::vector<TensorToWrite>& tensors, const ModelConfig& config,
             const LoadOptions& options = {}, std::size_t alignment = 0) {
  const TemporaryFolder folder;  // the mapping outlives it
  write_file(folder.path() / "model.safetensors", safetensors_file(tensors, alignment));
  return load_weights(folder.path(), config, options);
}

LoadOptions stored_as(Storage storage) {
  LoadOptions options;
  options.storage = storage;
  return options;
}

float element(const Matrix& matrix, int row, int col) {
  const auto at =
      static_cast<std::size_t>(row) * static_cast<std::size_t>(matrix.cols) + static_cast<std::size_t>(col);
  if (matrix.storage == Storage::f32) return static_cast<const float*>(matrix.data)[at];
  return bf16_to_f32(static_cast<const std::uint16_t*>(matrix.data)[at]);
}

// Whether every number of `weights` is that of the F32 file `expected`.
void check_values(const Weights& weights, std::vector<TensorToWrite> expected, const ModelConfig& config,
                  Storage storage) {
  const auto value = [&](const std::string& name, std::size_t i) {
    float number;
    std::memcpy(&number, tensor_named(expected, name).data.data() + 4 * i, 4);
    return number;
  };
  const auto check_matrix = [&](const Matrix& matrix, const std::string& name) {
    CAPTURE(name);
    const TensorToWrite& tensor = tensor_named(expected, name);
    CHECK(matrix.storage == storage);
    REQUIRE(static_cast<std::uint64_t>(matrix.rows) == tensor.shape[0]);
    REQUIRE(static_cast<std::uint64_t>(matrix.cols) == tensor.shape[1]);
    for (int row = 0; row < matrix.rows; ++row)
      for (int col = 0; col < matrix.cols; ++col)
        CHECK(element(matrix, row, col) == value(name, static_cast<std::size_t>(row * matrix.cols + col)));
  };
  const auto check_vector = [&](std::span<const float> vector, const std::string& name) {
    CAPTURE(name);
    REQUIRE(vector.size() == tensor_named(expected, name).shape[0]);
    for (std::size_t i = 0; i < vector.size(); ++i) CHECK(vector[i] == value(name, i));
  };
  check_matrix(weights.embedding, "model.embed_tokens.weight");
  REQUIRE(weights.layers.size() == static_cast<std::size_t>(config.n_layers));
  for (int i = 0; i < config.n_layers; ++i) {
    const LayerWeights& layer = weights.layers[static_cast<std::size_t>(i)];
    const std::string name = "model.layers." + std::to_string(i) + ".";
    const auto check_linear = [&](const Linear& linear, const std::string& module, bool bias) {
      check_matrix(linear.weight, name + module + ".weight");
      CHECK(linear.bias.empty() == !bias);
      if (bias) check_vector(linear.bias, name + module + ".bias");
    };
    check_vector(layer.attention_norm.weight, name + "input_layernorm.weight");
    check_vector(layer.mlp_norm.weight, name + "post_attention_layernorm.weight");
    check_linear(layer.q, "self_attn.q_proj", config.qkv_bias);
    check_linear(layer.k, "self_attn.k_proj", config.qkv_bias);
    check_linear(layer.v, "self_attn.v_proj", config.qkv_bias);
    check_linear(layer.o, "self_attn.o_proj", config.o_bias);
    check_linear(layer.mlp.gate, "mlp.gate_proj", config.mlp_bias);
    check_linear(layer.mlp.up, "mlp.up_proj", config.mlp_bias);
    check_linear(layer.mlp.down, "mlp.down_proj", config.mlp_bias);
  }
  check_vector(weights.final_norm.weight, "model.norm.weight");
  check_matrix(weights.lm_head, config.tied_embeddings ? "model.embed_tokens.weight" : "lm_head.weight");
}

}  // namespace

TEST_CASE("every tensor lands in its place, from every dtype in every storage and at any alignment") {
  for (const bool biases : {false, true})
    for (const char* dtype : {"F32", "F16", "BF16"})
      for (const Storage storage : {Storage::f32, Storage::bf16})
        for (const std::size_t alignment : {0u, 2u, 5u}) {
          CAPTURE(dtype);
          CAPTURE(alignment);
          ModelConfig config = tiny_config(2);
          config.qkv_bias = config.o_bias = config.mlp_bias = biases;
          const Weights weights = load(tiny_tensors(config, dtype), config, stored_as(storage), alignment);
          check_values(weights, tiny_tensors(config), config, storage);
        }
}

TEST_CASE("what lies as it is wanted is used in place, the rest is converted and reported") {
  const ModelConfig config = tiny_config();
  // How many tensors are converted.
  const auto converted = [&](const char* dtype, std::optional<Storage> storage, std::size_t alignment) {
    std::size_t last = 0, announced = 0, count = 0;
    LoadOptions options;
    options.storage = storage;
    options.progress = [&](std::size_t done, std::size_t total) {
      CHECK(done > last);
      last = done;
      announced = total;
      ++count;
    };
    const Weights weights = load(tiny_tensors(config, dtype), config, options, alignment);
    CHECK(last == announced);
    CHECK(weights.buffers.size() == (count > 0 ? 1 : 0));  // one for all of them
    return count;
  };
  CHECK(converted("F32", std::nullopt, 0) == 0);
  CHECK(converted("F32", std::nullopt, 4) == 0);
  CHECK(converted("F32", std::nullopt, 2) == 12);
  CHECK(converted("BF16", std::nullopt, 2) == 3);  // the norms
  CHECK(converted("BF16", std::nullopt, 1) == 12);
  CHECK(converted("BF16", Storage::f32, 0) == 12);
  CHECK(converted("F16", std::nullopt, 0) == 12);
}

TEST_CASE("matrices asked for in few bits are packed from every dtype, at any alignment") {
  for (const WeightKind& kind : weight_kinds())
    for (const char* dtype : {"F32", "F16", "BF16"})
      for (const bool tied : {false, true})
        for (const std::size_t alignment : {0u, 5u}) {
          if (!is_packed(kind.layers)) continue;
          CAPTURE(kind.name());
          CAPTURE(dtype);
          CAPTURE(alignment);
          ModelConfig config = tiny_config();
          config.tied_embeddings = tied;
          std::size_t last = 0, announced = 0;
          LoadOptions options;
          options.storage = kind;
          options.progress = [&](std::size_t done, std::size_t total) {
            last = done;
            announced = total;
          };
          const Weights weights = load(tiny_tensors(config, dtype), config, options, alignment);
          const Weights exact = load(tiny_tensors(config), config);
          CHECK(last == announced);
          CHECK(weights.kind().name() == kind.name());
          const auto check = [&](const Matrix& matrix, const Matrix& from, Storage storage) {
            CHECK(matrix.storage == storage);
            REQUIRE(matrix.rows == from.rows);
            REQUIRE(matrix.cols == from.cols);
            if (!is_packed(storage)) return;
            const std::size_t bytes = matrix_bytes(storage, from.rows, from.cols);
            std::vector<std::byte> expected(bytes);
            ThreadTeam alone(1);
            quantize(storage, from, *scalar_kernels.quantized, alone, expected.data());
            CHECK(std::memcmp(matrix.data, expected.data(), bytes) == 0);
          };
          check(weights.embedding, exact.embedding, tied ? kind.head : kind.embedding);
          check(weights.lm_head, exact.lm_head, kind.head);
          for (std::size_t i = 0; i < weights.layers.size(); ++i) {
            check(weights.layers[i].q.weight, exact.layers[i].q.weight, kind.layers);
            check(weights.layers[i].mlp.down.weight, exact.layers[i].mlp.down.weight, kind.layers);
          }
          CHECK(std::equal(weights.final_norm.weight.begin(), weights.final_norm.weight.end(),
                           exact.final_norm.weight.begin(), exact.final_norm.weight.end()));
        }
}

TEST_CASE("without a wish matrices are bf16 if all of the file's are, else f32") {
  const ModelConfig config = tiny_config();
  auto tensors = tiny_tensors(config, "BF16");
  CHECK(load(tensors, config).embedding.storage == Storage::bf16);
  auto wide = tiny_tensors(config, "F32");
  tensor_named(tensors, "model.norm.weight") = tensor_named(wide, "model.norm.weight");
  CHECK(load(tensors, config).embedding.storage == Storage::bf16);
  tensor_named(tensors, "model.layers.0.mlp.up_proj.weight") =
      tensor_named(wide, "model.layers.0.mlp.up_proj.weight");
  const Weights mixed = load(tensors, config);
  CHECK(mixed.embedding.storage == Storage::f32);
  check_values(mixed, tiny_tensors(config), config, Storage::f32);
  CHECK(load(tiny_tensors(config, "F16"), config).embedding.storage == Storage::f32);
}

TEST_CASE("tied weights may stand under either name or, as in transformers, be two different tensors") {
  ModelConfig config = tiny_config();
  config.tied_embeddings = true;
  auto tensors = tiny_tensors(config);
  const Weights tied = load(tensors, config);
  CHECK(tied.lm_head.data == tied.embedding.data);
  check_values(tied, tensors, config, Storage::f32);

  auto renamed = tensors;
  tensor_named(renamed, "model.embed_tokens.weight").name = "lm_head.weight";
  check_values(load(renamed, config), tensors, config, Storage::f32);

  auto both = tensors;
  TensorToWrite head = tensor_named(both, "model.embed_tokens.weight");
  head.name = "lm_head.weight";
  const float other = 42.0f;
  std::memcpy(head.data.data(), &other, 4);
  both.push_back(head);
  const Weights untied = load(both, config);
  CHECK(element(untied.lm_head, 0, 0) == 42.0f);
  CHECK(element(untied.embedding, 0, 0) != 42.0f);
}
