#include "loaders/model/hf_config.h"

#include <doctest/doctest.h>

#include "tests/loaders/load_error_check.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

// The sizes every folder has to say, with `more` members behind them; of two members of one key in these,
// `more` wins.
std::string config_text(const std::string& more) {
  std::string text = "{";
  const std::pair<const char*, const char*> members[] = {{"architectures", R"(["LlamaForCausalLM"])"},
                                                         {"vocab_size", "1000"},
                                                         {"hidden_size", "96"},
                                                         {"num_hidden_layers", "3"},
                                                         {"intermediate_size", "200"},
                                                         {"num_attention_heads", "6"}};
  for (const auto& [key, value] : members)
    if (more.find("\"" + std::string(key) + "\"") == std::string::npos)
      text += "\"" + std::string(key) + "\": " + value + ", ";
  return more.empty() ? text.substr(0, text.size() - 2) + "}" : text + more + "}";
}

ModelConfig read(const std::string& more) {
  return model_config(parse_json(config_text(more), "config.json"));
}
std::string error_of(const std::string& more) {
  return load_error([&] { read(more); });
}

}  // namespace

TEST_CASE("what config.json does not say is as in transformers") {
  const ModelConfig config = read("");
  CHECK(config.architecture == "LlamaForCausalLM");
  CHECK(config.vocab_size == 1000);
  CHECK(config.hidden_size == 96);
  CHECK(config.n_layers == 3);
  CHECK(config.intermediate_size == 200);
  CHECK(config.n_heads == 6);
  CHECK(config.n_kv_heads == 6);
  CHECK(config.head_dim == 16);
  CHECK(config.max_position == 2048);
  CHECK(config.norm_epsilon == 1e-6f);
  CHECK(config.ropes[0].theta == 10000.0);
  CHECK(config.ropes[0].kind == RopeKind::unscaled);
  CHECK(config.activation == Activation::silu);
  CHECK_FALSE(config.tied_embeddings);
  CHECK_FALSE(config.qkv_bias);
  CHECK_FALSE(config.mlp_bias);
}

TEST_CASE("what config.json says is taken, null is not said") {
  const ModelConfig config =
      read(R"("num_key_value_heads": 2, "head_dim": 32, "max_position_embeddings": 77, "rms_norm_eps": 3e-5,
      "tie_word_embeddings": true, "attention_bias": true, "mlp_bias": true, "hidden_act": "gelu_pytorch_tanh", "rope_theta": 5e5)");
  CHECK(config.n_kv_heads == 2);
  CHECK(config.head_dim == 32);
  CHECK(config.max_position == 77);
  CHECK(config.norm_epsilon == 3e-5f);
  CHECK(config.tied_embeddings);
  CHECK(config.qkv_bias);
  CHECK(config.o_bias);
  CHECK(config.mlp_bias);
  CHECK(config.activation == Activation::gelu_tanh);
  CHECK(config.ropes[0].theta == 5e5);
  const ModelConfig nulls = read(
      R"("num_key_value_heads": null, "head_dim": null, "rope_scaling": null, "quantization_config": null, "hidden_act": null)");
  CHECK(nulls.n_kv_heads == 6);
  CHECK(nulls.head_dim == 16);
}

TEST_CASE("activations go by the names of transformers") {
  CHECK(read(R"("hidden_act": "swish")").activation == Activation::silu);
  CHECK(read(R"("hidden_act": "gelu")").activation == Activation::gelu_erf);
  CHECK(read(R"("hidden_act": "gelu_new")").activation == Activation::gelu_tanh);
  CHECK(holds(error_of(R"("hidden_act": "relu")"), "config.json: hidden_act: one of silu, "));
  CHECK(holds(error_of(R"("hidden_act": 3)"), "config.json: hidden_act: a string expected"));
}

TEST_CASE("the architecture decides, model_type only where it is absent") {
  CHECK(read(R"("architectures": ["LlamaForCausalLM"], "model_type": "whatever")").architecture ==
        "LlamaForCausalLM");
  CHECK(read(R"("architectures": null, "model_type": "llama")").architecture == "LlamaForCausalLM");
  CHECK(read(R"("architectures": [], "model_type": "llama")").architecture == "LlamaForCausalLM");
  CHECK(read(R"("auto_map": {"AutoConfig": "x.Y"})").architecture == "LlamaForCausalLM");
  CHECK(error_of(R"("architectures": ["FooForCausalLM"], "model_type": "llama")") ==
        "config.json: architectures[0]: one of LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, "
        "Qwen3ForCausalLM, Phi3ForCausalLM, SmolLM3ForCausalLM, Olmo2ForCausalLM, Olmo3ForCausalLM, "
        "GraniteForCausalLM, GemmaForCausalLM, Gemma2ForCausalLM, Gemma3ForCausalLM, StableLmForCausalLM, "
        "CohereForCausalLM, Cohere2ForCausalLM, Starcoder2ForCausalLM, InternLM3ForCausalLM, "
        "MixtralForCausalLM, Qwen2MoeForCausalLM, Qwen3MoeForCausalLM, DeepseekV2ForCausalLM, "
        "DeepseekV3ForCausalLM expected, \"FooForCausalLM\" found");
  CHECK(holds(error_of(R"("architectures": ["FooForCausalLM"], "auto_map": {})"), "auto_map"));
  CHECK(holds(error_of(R"("architectures": null, "model_type": "foo")"), "config.json: model_type: "));
  CHECK(holds(error_of(R"("architectures": null)"), "key \"architectures\" or \"model_type\" expected"));
  CHECK(holds(error_of(R"("architectures": "LlamaForCausalLM")"), "architectures: an array expected"));
  CHECK(holds(error_of(R"("architectures": [1])"), "architectures[0]: a string expected"));
  CHECK(holds(error_of(R"("is_encoder_decoder": true)"), "config.json: is_encoder_decoder: "));
  CHECK(holds(error_of(R"("quantization_config": {"quant_method": "bitsandbytes"})"),
              "config.json: quantization_config.quant_method: one of awq, compressed-tensors, fbgemm_fp8, "
              "fp8, gptq, mxfp4 "
              "expected, \"bitsandbytes\" found"));
  CHECK(holds(error_of(R"("quantization_config": "gptq")"), "config.json: quantization_config: "));
}

TEST_CASE("absent, absurd and mistyped sizes are refused by name") {
  for (const char* key :
       {"vocab_size", "hidden_size", "num_hidden_layers", "intermediate_size", "num_attention_heads",
        "num_key_value_heads", "head_dim", "max_position_embeddings"})
    for (const char* value :
         {"0", "-4", "2147483648", "1000000000000000000000", "16.0", "\"16\"", "[16]", "true", "-1e300"}) {
      CAPTURE(key);
      CAPTURE(value);
      CHECK(holds(error_of("\"" + std::string(key) + "\": " + value),
                  "config.json: " + std::string(key) + ": an integer from 1 to " +
                      (key == std::string_view("num_hidden_layers") ? "65536" : "2147483647") +
                      " expected, "));
    }
  for (const char* key :
       {"vocab_size", "hidden_size", "num_hidden_layers", "intermediate_size", "num_attention_heads"}) {
    CAPTURE(key);
    CHECK(holds(error_of("\"" + std::string(key) + "\": null"), "config.json: " + std::string(key) + ": "));
  }
  CHECK(load_error([] {
          model_config(parse_json("{\"architectures\": [\"LlamaForCausalLM\"]}", "config.json"));
        }) == "config.json: key \"vocab_size\" expected, none found");
  CHECK(holds(load_error([] { model_config(parse_json("[]", "config.json")); }),
              "config.json: an object expected"));
}

TEST_CASE("heads must divide and be even") {
  CHECK(error_of(R"("num_attention_heads": 7)") ==
        "config.json: num_attention_heads: a divisor of hidden_size (96) expected where head_dim is absent, "
        "7 found");
  CHECK(read(R"("num_attention_heads": 7, "head_dim": 10)").head_dim == 10);
  CHECK(error_of(R"("num_key_value_heads": 4)") ==
        "config.json: num_key_value_heads: a divisor of num_attention_heads (6) expected, 4 found");
  CHECK(holds(error_of(R"("num_key_value_heads": 12)"), "config.json: num_key_value_heads: "));
  CHECK(holds(error_of(R"("head_dim": 15)"), "config.json: head_dim: an even number expected"));
  CHECK(holds(error_of(R"("num_attention_heads": 32)"),
              "config.json: num_attention_heads: hidden_size / num_attention_heads: an even number"));
  CHECK(holds(error_of(R"("num_attention_heads": 65536, "head_dim": 65536)"), "below 2^31"));
}

TEST_CASE("the norm's epsilon and the flags are checked") {
  for (const char* value : {"-1e-5", "1e39", "\"1e-5\"", "[1e-5]", "1e400"}) {
    CAPTURE(value);
    CHECK(holds(error_of("\"rms_norm_eps\": " + std::string(value)), "rms_norm_eps: "));
  }
  for (const char* key : {"tie_word_embeddings", "attention_bias", "mlp_bias"})
    for (const char* value : {"1", "\"yes\"", "[]"})
      CHECK(holds(error_of("\"" + std::string(key) + "\": " + value),
                  "config.json: " + std::string(key) + ": true or false expected"));
}
