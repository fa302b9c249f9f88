#include "loaders/gguf/gguf_config.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "loaders/files/load_error.h"
#include "tests/loaders/gguf_builder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

// The metadata of a small model; `more` adds to it.
template <class More>
std::string model_of(const std::string& architecture, More more) {
  GgufBuilder file;
  file.text("general.architecture", architecture);
  const auto key = [&](const char* name) { return architecture + "." + name; };
  file.u32(key("block_count"), 2).u32(key("embedding_length"), 64).u32(key("feed_forward_length"), 96);
  file.u32(key("attention.head_count"), 4).u32(key("context_length"), 512);
  file.f32(key("attention.layer_norm_rms_epsilon"), 1e-5f);
  file.tensor("token_embd.weight", {320, 64}, 1, std::string(320 * 64 * 2, 'x'));
  more(file);
  return file.file();
}

JsonDocument config_of(const std::string& bytes) {
  const GgufFile file(std::as_bytes(std::span(bytes)), "m.gguf");
  const GgufKeys keys({&file});
  return gguf_config(keys, gguf_family(keys));
}

std::string refusal(const std::string& bytes) {
  return load_error([&] { config_of(bytes); });
}

const auto nothing = [](GgufBuilder&) {};

}  // namespace

TEST_CASE("a Llama's keys become those of its config.json") {
  const std::string bytes = model_of("llama", [](GgufBuilder& file) {
    file.u32("llama.attention.head_count_kv", 2).f32("llama.rope.freq_base", 500000);
    file.u32("tokenizer.ggml.eos_token_id", 7).u32("tokenizer.ggml.bos_token_id", 5);
    file.u32("tokenizer.ggml.eot_token_id", 3);
  });
  const JsonDocument document = config_of(bytes);
  const JsonValue config = document.root();
  CHECK(config.at("architectures").at(std::size_t{0}).as_string() == "LlamaForCausalLM");
  CHECK(config.at("vocab_size").as_int() == 320);
  CHECK(config.at("hidden_size").as_int() == 64);
  CHECK(config.at("num_hidden_layers").as_int() == 2);
  CHECK(config.at("intermediate_size").as_int() == 96);
  CHECK(config.at("num_attention_heads").as_int() == 4);
  CHECK(config.at("num_key_value_heads").as_int() == 2);
  CHECK(config.at("head_dim").as_int() == 16);
  CHECK(config.at("max_position_embeddings").as_int() == 512);
  CHECK(config.at("rms_norm_eps").as_double() == 1e-5);  // not the float's neighbour in double
  CHECK(config.at("rope_theta").as_double() == 500000);
  CHECK(config.at("tie_word_embeddings").as_bool());
  CHECK_FALSE(config.at("attention_bias").as_bool());
  CHECK_FALSE(config.find("rope_scaling").has_value());
  CHECK(config.at("eos_token_id").size() == 2);
  CHECK(config.at("eos_token_id").at(1).as_int() == 7);
  CHECK(config.at("bos_token_id").as_int() == 5);
}

TEST_CASE("every architecture is called by its own name, and unknown ones are refused by name") {
  constexpr const char* names[][2] = {
      {"llama", "LlamaForCausalLM"},       {"qwen2", "Qwen2ForCausalLM"},
      {"qwen3", "Qwen3ForCausalLM"},       {"phi3", "Phi3ForCausalLM"},
      {"gemma", "GemmaForCausalLM"},       {"gemma2", "Gemma2ForCausalLM"},
      {"gemma3", "Gemma3ForCausalLM"},     {"olmo2", "Olmo2ForCausalLM"},
      {"granite", "GraniteForCausalLM"},   {"smollm3", "SmolLM3ForCausalLM"},
      {"stablelm", "StableLmForCausalLM"}, {"cohere2", "Cohere2ForCausalLM"},
      {"command-r", "CohereForCausalLM"},  {"starcoder2", "Starcoder2ForCausalLM"}};
  for (const auto& [gguf, hf] : names)
    CHECK(config_of(model_of(gguf, nothing)).root().at("architectures").at(std::size_t{0}).as_string() == hf);
  const auto experts = [](const std::string& name) {
    return model_of(name, [&](GgufBuilder& file) {
      file.u32(name + ".expert_count", 8).u32(name + ".expert_used_count", 2);
    });
  };
  const JsonDocument mixtral = config_of(experts("llama"));
  CHECK(mixtral.root().at("architectures").at(std::size_t{0}).as_string() == "MixtralForCausalLM");
  CHECK(mixtral.root().at("num_local_experts").as_int() == 8);
  CHECK(mixtral.root().at("num_experts_per_tok").as_int() == 2);
  CHECK(config_of(experts("qwen3moe")).root().at("norm_topk_prob").as_bool());
  const JsonDocument partly = config_of(model_of("qwen3moe", [](GgufBuilder& file) {
    file.u32("qwen3moe.expert_count", 8).u32("qwen3moe.expert_used_count", 2);
    file.tensor("blk.1.ffn_gate.weight", {2, 2}, 0, f32_bytes({1, 2, 3, 4}));
  }));
  CHECK(partly.root().at("mlp_only_layers").size() == 1);
  CHECK(partly.root().at("mlp_only_layers").at(std::size_t{0}).as_int() == 1);
  CHECK_FALSE(config_of(experts("qwen2moe")).root().at("norm_topk_prob").as_bool());
  const std::string windowed = model_of("olmo2", [](GgufBuilder& file) {
    file.u32("olmo2.attention.sliding_window", 32).ints("olmo2.attention.sliding_window_pattern", {1, 0});
  });
  const JsonDocument olmo3 = config_of(windowed);
  CHECK(olmo3.root().at("architectures").at(std::size_t{0}).as_string() == "Olmo3ForCausalLM");
  CHECK(olmo3.root().at("layer_types").at(1).as_string() == "full_attention");

  const std::string unknown = refusal(model_of("mamba", nothing));
  CHECK(holds(unknown, "m.gguf: general.architecture: one of llama, qwen2, "));
  CHECK(holds(unknown, "\"mamba\" found"));
  CHECK(holds(refusal(experts("gemma")), "(with experts)"));
}

TEST_CASE("RoPE: kinds, partial rotation, and factors in tensors") {
  const auto rope = [](auto more) { return config_of(model_of("llama", more)); };
  const JsonDocument linear = rope([](GgufBuilder& file) {
    file.text("llama.rope.scaling.type", "linear").f32("llama.rope.scaling.factor", 4);
    file.u32("llama.rope.dimension_count", 12);
  });
  CHECK(linear.root().at("rope_scaling").at("rope_type").as_string() == "linear");
  CHECK(linear.root().at("rope_scaling").at("factor").as_double() == 4);
  CHECK(linear.root().at("partial_rotary_factor").as_double() == 0.75);
  const JsonDocument yarn = rope([](GgufBuilder& file) {
    file.text("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", 8);
    file.u32("llama.rope.scaling.original_context_length", 64);
  });
  CHECK(yarn.root().at("rope_scaling").at("original_max_position_embeddings").as_int() == 64);
  CHECK(holds(
      refusal(model_of("llama", [](GgufBuilder& file) { file.text("llama.rope.scaling.type", "ntk"); })),
      "m.gguf: llama.rope.scaling.type: none, linear, yarn or longrope expected, \"ntk\" found"));

  // Llama 3's rule is recognised in its divisors; others stand as they are.
  std::vector<float> factors;
  for (int i = 0; i < 8; ++i) {
    const double wavelength = 2 * std::numbers::pi * std::pow(10000.0, i / 8.0);
    const double smooth = std::min(std::max((8192 / wavelength - 1) / 3, 0.0), 1.0);
    factors.push_back(static_cast<float>(1 / ((1 - smooth) / 32 + smooth)));
  }
  const JsonDocument llama3 =
      rope([&](GgufBuilder& file) { file.tensor("rope_freqs.weight", {8}, 0, f32_bytes(factors)); });
  CHECK(llama3.root().at("rope_scaling").at("rope_type").as_string() == "llama3");
  CHECK(llama3.root().at("rope_scaling").at("factor").as_double() == 32);
  factors[2] = 1.5f;
  const JsonDocument others =
      rope([&](GgufBuilder& file) { file.tensor("rope_freqs.weight", {8}, 0, f32_bytes(factors)); });
  CHECK(others.root().at("rope_scaling").at("rope_type").as_string() == "longrope");
  CHECK(others.root().at("rope_scaling").at("long_factor").at(2).as_double() == 1.5);
  CHECK(others.root().at("rope_scaling").at("attention_factor").as_double() == 1);
  CHECK(holds(refusal(model_of("llama",
                               [](GgufBuilder& file) {
                                 file.tensor("rope_freqs.weight", {2}, 0, f32_bytes({1, 0}));
                               })),
              "tensor \"rope_freqs.weight\": numbers above 0 expected"));
}

TEST_CASE("what is missing, out of range or different from layer to layer is refused by its key") {
  GgufBuilder empty;
  empty.u32("x", 1);
  CHECK(holds(refusal(empty.file()), "metadata key \"general.architecture\" expected, none found"));
  CHECK(holds(refusal(GgufBuilder().text("general.architecture", "llama").file()),
              "\"llama.embedding_length\" expected"));
  const auto with = [](auto more) { return refusal(model_of("llama", more)); };
  CHECK(holds(with([](GgufBuilder& f) { f.u32("llama.attention.value_length", 8); }),
              "llama.attention.value_length: attention.key_length (16) expected, 8 found"));
  CHECK(holds(with([](GgufBuilder& f) {
                f.ints("llama.attention.head_count_kv", {2, 4});
              }),
              "llama.attention.head_count_kv: one number for all layers expected"));
  CHECK(holds(with([](GgufBuilder& f) {
                f.ints("llama.attention.head_count_kv", {0, 0});
              }),
              "llama.attention.head_count_kv: integers from 1 on expected, 0 found"));
  CHECK(holds(with([](GgufBuilder& f) { f.u32("llama.attention.head_count_kv", 0); }),
              "llama.attention.head_count_kv: an integer of 1 to "));
  CHECK(holds(with([](GgufBuilder& f) { f.text("llama.rope.freq_base", "1e4"); }),
              "llama.rope.freq_base: a number expected, string found"));
  CHECK(with([](GgufBuilder& f) { f.ints("llama.attention.head_count_kv", {2, 2}); }).empty());
  CHECK(holds(refusal(GgufBuilder()
                          .text("general.architecture", "llama")
                          .u32("llama.embedding_length", 8)
                          .u32("llama.attention.head_count", 2)
                          .file()),
              "token_embd.weight"));
}

TEST_CASE("recommended sampling becomes generation settings") {
  const std::string bytes =
      GgufBuilder().f32("general.sampling.temp", 0.6f).u32("general.sampling.top_k", 20).file();
  const GgufFile file(std::as_bytes(std::span(bytes)), "m.gguf");
  const auto document = gguf_generation_config(file);
  REQUIRE(document.has_value());
  CHECK(document->root().at("temperature").as_double() == 0.6);
  CHECK(document->root().at("top_k").as_int() == 20);
  const std::string none = GgufBuilder().u32("x", 1).file();
  CHECK_FALSE(gguf_generation_config(GgufFile(std::as_bytes(std::span(none)), "m.gguf")).has_value());
}
