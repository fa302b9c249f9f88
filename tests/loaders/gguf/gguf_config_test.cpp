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
      {"llama", "LlamaForCausalLM"},          {"qwen2", "Qwen2ForCausalLM"},
      {"qwen3", "Qwen3ForCausalLM"},          {"phi3", "Phi3ForCausalLM"},
      {"gemma", "GemmaForCausalLM"},          {"gemma2", "Gemma2ForCausalLM"},
      {"gemma3", "Gemma3ForCausalLM"},        {"olmo2", "Olmo2ForCausalLM"},
      {"qwen2vl", "Qwen2ForCausalLM"},        {"qwen3vl", "Qwen3ForCausalLM"},
      {"mistral3", "MistralForCausalLM"},     {"granite", "GraniteForCausalLM"},
      {"smollm3", "SmolLM3ForCausalLM"},      {"stablelm", "StableLmForCausalLM"},
      {"cohere2", "Cohere2ForCausalLM"},      {"command-r", "CohereForCausalLM"},
      {"starcoder2", "Starcoder2ForCausalLM"}};
  for (const auto& [gguf, hf] : names) {
    const std::string window = std::string(gguf) + ".attention.sliding_window";
    const bool needs_one = std::string_view(gguf) == "cohere2";
    const std::string bytes = model_of(gguf, [&](GgufBuilder& file) {
      if (needs_one) file.u32(window, 16);
    });
    CHECK(config_of(bytes).root().at("architectures").at(std::size_t{0}).as_string() == hf);
  }
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
  CHECK(holds(refusal(experts("gemma")), "\"gemma\" found (with experts)"));
  CHECK(holds(refusal(model_of("deepseek2", nothing)), "\"deepseek2\" found (without experts)"));
  CHECK(holds(refusal(model_of("llama", [](GgufBuilder& file) { file.text("general.type", "adapter"); })),
              "m.gguf: general.type: model expected, \"adapter\" found"));
}

TEST_CASE("a window, and which layers have it, is obeyed wherever the file says it") {
  const auto types = [](const JsonDocument& document) {
    std::string text;  // a letter for each layer
    for (const JsonValue type : document.root().at("layer_types").items()) text += type.as_string()[0];
    return text;
  };
  const auto windowed = [](const std::string& name, auto more) {
    return config_of(model_of(name, [&](GgufBuilder& file) {
      file.u32(name + ".attention.sliding_window", 16);
      more(file);
    }));
  };
  const JsonDocument llama = windowed("llama", nothing);
  CHECK(llama.root().at("architectures").at(std::size_t{0}).as_string() == "MistralForCausalLM");
  CHECK(llama.root().at("sliding_window").as_int() == 16);
  const JsonDocument qwen = windowed("qwen2", nothing);
  CHECK(qwen.root().at("use_sliding_window").as_bool());
  CHECK(types(qwen) == "ss");
  CHECK(types(windowed("gemma2", nothing)) == "sf");
  CHECK(types(windowed("cohere2", nothing)) == "ss");
  // A pattern is a list of layers, or a number: each such layer has no window.
  CHECK(types(windowed("gemma3",
                       [](GgufBuilder& f) { f.u32("gemma3.attention.sliding_window_pattern", 2); })) == "sf");
  CHECK(types(windowed("gemma3",
                       [](GgufBuilder& f) { f.u32("gemma3.attention.sliding_window_pattern", 1); })) == "ff");
  CHECK(types(windowed("gemma2", [](GgufBuilder& f) {
          f.ints("gemma2.attention.sliding_window_pattern", {0, 1});
        })) == "fs");
  CHECK(types(config_of(model_of("gemma3", nothing))) == "ff");
  const auto refused = [&](const std::string& name, auto more) {
    return load_error([&] { windowed(name, more); });
  };
  CHECK(holds(refused("gemma3",
                      [](GgufBuilder& f) {
                        f.ints("gemma3.attention.sliding_window_pattern", {1, 0, 1});
                      }),
              "gemma3.attention.sliding_window_pattern: 2 layers expected (block_count), 3 found"));
  CHECK(holds(refused("llama", [](GgufBuilder& f) { f.u32("llama.attention.sliding_window_pattern", 2); }),
              "llama.attention.sliding_window_pattern: no such key expected"));
  CHECK(holds(refused("granite", nothing), "granite.attention.sliding_window: 0 expected"));
  CHECK(holds(refusal(model_of("cohere2", nothing)), "cohere2.attention.sliding_window"));
}

TEST_CASE("settings that are said only by some files") {
  // The first files of Phi-3 with 4096 positions have a window and do not say it.
  const auto phi3 = [](std::uint32_t layers) {
    GgufBuilder file;
    file.text("general.architecture", "phi3").u32("phi3.block_count", layers);
    file.u32("phi3.embedding_length", 64).u32("phi3.feed_forward_length", 96);
    file.u32("phi3.attention.head_count", 4).u32("phi3.context_length", 4096);
    file.tensor("token_embd.weight", {320, 64}, 1, std::string(320 * 64 * 2, 'x'));
    return config_of(file.file());
  };
  CHECK(phi3(32).root().at("sliding_window").as_int() == 2047);
  CHECK(phi3(24).root().at("sliding_window").is_null());
  // The whole head rotates, although a quarter is what StableLM's configs mean where they are silent.
  const JsonDocument stablelm = config_of(model_of("stablelm", nothing));
  CHECK(stablelm.root().at("partial_rotary_factor").as_double() == 1);
  const JsonDocument scaled =
      config_of(model_of("gemma2", [](GgufBuilder& f) { f.f32("gemma2.attention.scale", 0.125f); }));
  CHECK(scaled.root().at("query_pre_attn_scalar").as_double() == 64);
  const JsonDocument uncapped =
      config_of(model_of("gemma2", [](GgufBuilder& f) { f.f32("gemma2.attn_logit_softcapping", 0); }));
  CHECK(uncapped.root().at("attn_logit_softcapping").is_null());
  CHECK(holds(refusal(model_of("granite",
                               [](GgufBuilder& f) { f.boolean("granite.rope.scaling.finetuned", false); })),
              "granite.rope.scaling.finetuned: true expected"));
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
  CHECK_FALSE(yarn.root().at("rope_scaling").find("attention_factor").has_value());
  const JsonDocument whole_yarn = rope([](GgufBuilder& file) {
    file.text("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", 8);
    file.f32("llama.rope.scaling.yarn_attn_factor", 1.25f).f32("llama.rope.scaling.yarn_beta_fast", 20);
    file.f32("llama.rope.scaling.yarn_ext_factor", 1);
  });
  CHECK(whole_yarn.root().at("rope_scaling").at("attention_factor").as_double() == 1.25);
  CHECK(whole_yarn.root().at("rope_scaling").at("beta_fast").as_double() == 20);
  // A factor alone, by either name, is a linear one; what is called none is none.
  for (const char* key : {"llama.rope.scaling.factor", "llama.rope.scale_linear"}) {
    const JsonDocument alone = rope([&](GgufBuilder& file) { file.f32(key, 2.5f); });
    CHECK(alone.root().at("rope_scaling").at("rope_type").as_string() == "linear");
    CHECK(alone.root().at("rope_scaling").at("factor").as_double() == 2.5);
  }
  const JsonDocument none = rope([](GgufBuilder& file) {
    file.text("llama.rope.scaling.type", "none").f32("llama.rope.scaling.factor", 4);
  });
  CHECK_FALSE(none.root().find("rope_scaling").has_value());
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
  CHECK(holds(refusal(model_of("llama",
                               [&](GgufBuilder& file) {
                                 file.tensor("rope_freqs.weight", {8}, 0, f32_bytes(factors));
                                 file.f32("llama.rope.scaling.factor", 2);
                               })),
              "tensor \"rope_freqs.weight\" expected to be all that scales RoPE, more found"));
  CHECK(holds(refusal(model_of("phi3",
                               [&](GgufBuilder& file) {
                                 file.tensor("rope_factors_long.weight", {8}, 0, f32_bytes(factors));
                               })),
              "tensor \"rope_factors_short.weight\" expected beside the other factors of RoPE"));
}

TEST_CASE("longrope's factor of sine and cosine is obeyed where it is not the rule's") {
  const auto longrope = [](float attn_factor) {
    return config_of(model_of("phi3", [&](GgufBuilder& file) {
      file.text("phi3.rope.scaling.type", "longrope").u32("phi3.rope.scaling.original_context_length", 128);
      file.f32("phi3.rope.scaling.attn_factor", attn_factor);
      file.tensor("rope_factors_short.weight", {8}, 0, f32_bytes(std::vector<float>(8, 1.5f)));
      file.tensor("rope_factors_long.weight", {8}, 0, f32_bytes(std::vector<float>(8, 2.5f)));
    }));
  };
  const auto usual = static_cast<float>(std::sqrt(1 + std::log(4.0) / std::log(128.0)));
  CHECK_FALSE(longrope(usual).root().at("rope_scaling").find("attention_factor").has_value());
  CHECK(longrope(1.75f).root().at("rope_scaling").at("attention_factor").as_double() == 1.75);
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
