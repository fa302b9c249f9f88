#include "loaders/model/hf_family.h"

#include <doctest/doctest.h>

#include <cmath>

#include "loaders/model/hf_config.h"
#include "loaders/model/model_folder.h"
#include "loaders/model/tensor_mapping.h"
#include "tests/golden_models.h"
#include "tests/loaders/load_error_check.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

// A config of six layers with `more` behind the sizes.
ModelConfig read_family(const std::string& architecture, const std::string& more = "") {
  return model_config(parse_json(
      R"({"vocab_size": 100, "hidden_size": 96, "num_hidden_layers": 6, "intermediate_size": 50,
      "num_attention_heads": 6, "architectures": [")" +
          architecture + "\"]" + (more.empty() ? "" : ", " + more) + "}",
      "config.json"));
}

std::string family_error(const std::string& architecture, const std::string& more) {
  return load_error([&] { read_family(architecture, more); });
}

std::vector<int> windows(const ModelConfig& config) {
  std::vector<int> found;
  for (const LayerSpec& layer : config.layers) found.push_back(layer.window);
  return found;
}

std::vector<int> ropes(const ModelConfig& config) {
  std::vector<int> found;
  for (const LayerSpec& layer : config.layers) found.push_back(layer.rope);
  return found;
}

using Layers = std::vector<int>;

}  // namespace

TEST_CASE("every family has a golden model") {
  if (!shared_has("goldens/models")) return;
  const auto names = golden_model_names();
  for (const Family& family : families()) {
    bool found = false;
    for (const std::string& name : names)
      found |= load_settings(GoldenModel(name).folder()).config.architecture == family.architecture;
    CAPTURE(family.architecture);
    CHECK(found);
  }
}

TEST_CASE("windows: of all layers, from a layer on, by a pattern, by name") {
  CHECK(windows(read_family("MistralForCausalLM")) == Layers(6, 4096));
  CHECK(windows(read_family("MistralForCausalLM", R"("sliding_window": null)")) == Layers(6, 0));
  CHECK(windows(read_family("Phi3ForCausalLM", R"("sliding_window": 9)")) == Layers(6, 9));
  const std::string qwen = R"("sliding_window": 9, "max_window_layers": 4)";
  CHECK(windows(read_family("Qwen2ForCausalLM", qwen)) == Layers(6, 0));
  CHECK(windows(read_family("Qwen2ForCausalLM", qwen + R"(, "use_sliding_window": true)")) ==
        Layers{0, 0, 0, 0, 9, 9});
  CHECK(windows(read_family("Qwen3ForCausalLM",
                            qwen + R"(, "use_sliding_window": true, "layer_types": ["full_attention",
      "sliding_attention", "full_attention", "full_attention", "full_attention", "full_attention"])")) ==
        Layers{0, 9, 0, 0, 0, 0});
  CHECK(windows(read_family("Gemma2ForCausalLM", R"("sliding_window": 9)")) == Layers{9, 0, 9, 0, 9, 0});
  CHECK(windows(read_family("Gemma3ForCausalLM", R"("sliding_window": 9, "num_key_value_heads": 2)")) ==
        Layers{9, 9, 9, 9, 9, 0});
  CHECK(windows(read_family("Cohere2ForCausalLM", R"("sliding_window": 9, "sliding_window_pattern": 3)")) ==
        Layers{9, 9, 0, 9, 9, 0});
  CHECK(windows(read_family("Olmo3ForCausalLM", R"("sliding_window": 9)")) == Layers{9, 9, 9, 0, 9, 9});
  CHECK(holds(family_error("Gemma2ForCausalLM", R"("layer_types": ["full_attention"])"),
              "config.json: layer_types: 6 kinds expected (num_hidden_layers), 1 found"));
  CHECK(holds(family_error("Gemma2ForCausalLM", R"("layer_types": ["a", "a", "a", "a", "a", "a"])"),
              "layer_types[0]: full_attention or sliding_attention expected, \"a\" found"));
}

TEST_CASE("ropes: none on some layers, one for each kind of layer, a part of the head") {
  CHECK(ropes(read_family("SmolLM3ForCausalLM", R"("no_rope_layer_interval": 3)")) ==
        Layers{0, 0, -1, 0, 0, -1});
  CHECK(ropes(read_family("SmolLM3ForCausalLM", R"("no_rope_layers": [1, 0, 1, 1, 1, 0])")) ==
        Layers{0, -1, 0, 0, 0, -1});
  CHECK(
      holds(family_error("SmolLM3ForCausalLM", R"("no_rope_layers": [1, 0])"), "no_rope_layers: 6 numbers"));
  CHECK(ropes(read_family("Cohere2ForCausalLM")) == Layers{0, 0, 0, -1, 0, 0});
  const ModelConfig gemma = read_family(
      "Gemma3ForCausalLM",
      R"("num_key_value_heads": 2, "rope_theta": 5e5, "rope_local_base_freq": 777, "rope_scaling": {"rope_type": "linear", "factor": 8})");
  CHECK(ropes(gemma) == Layers{1, 1, 1, 1, 1, 0});
  CHECK(gemma.ropes[0].theta == 5e5);
  CHECK(gemma.ropes[0].kind == RopeKind::linear);
  CHECK(gemma.ropes[1].theta == 777);
  CHECK(gemma.ropes[1].kind == RopeKind::unscaled);
  CHECK(read_family("StableLmForCausalLM").ropes[0].dims == 4);
  CHECK(read_family("Phi3ForCausalLM", R"("partial_rotary_factor": 0.75)").ropes[0].dims == 12);
  CHECK(read_family("CohereForCausalLM").ropes[0].interleaved);
  CHECK(holds(family_error("Qwen2ForCausalLM", R"("partial_rotary_factor": 0.5)"), "partial_rotary_factor"));
}

TEST_CASE("numbers of their own") {
  const ModelConfig granite =
      read_family("GraniteForCausalLM", R"("embedding_multiplier": 12, "attention_multiplier": 0.015625,
      "residual_multiplier": 0.22, "logits_scaling": 8)");
  CHECK(granite.embedding_multiplier == 12.0f);
  CHECK(granite.attention_scale == 0.015625f);
  CHECK(granite.residual_multiplier == 0.22f);
  CHECK(granite.logit_multiplier == 0.125f);
  const ModelConfig gemma2 = read_family("Gemma2ForCausalLM");
  CHECK(gemma2.embedding_multiplier == std::sqrt(96.0f));
  CHECK(gemma2.attention_scale == 1.0f / 16);
  CHECK(gemma2.attention_soft_cap == 50.0f);
  CHECK(gemma2.logit_soft_cap == 30.0f);
  CHECK(gemma2.head_dim == 256);
  CHECK(gemma2.tied_embeddings);
  CHECK(read_family("Gemma2ForCausalLM", R"("attn_logit_softcapping": null)").attention_soft_cap == 0.0f);
  const ModelConfig gemma3 =
      read_family("Gemma3ForCausalLM", R"("num_key_value_heads": 2, "attn_logit_softcapping": 2.0,
      "final_logit_softcapping": 3.0)");
  CHECK(gemma3.attention_soft_cap == 0.0f);
  CHECK(gemma3.logit_soft_cap == 3.0f);
  CHECK(read_family("GemmaForCausalLM", R"("hidden_act": "gelu")").activation == Activation::gelu_tanh);
  CHECK(holds(family_error("GemmaForCausalLM", R"("use_bidirectional_attention": true)"), "causal"));
  CHECK_FALSE(read_family("Starcoder2ForCausalLM").gated);
  CHECK(read_family("Starcoder2ForCausalLM", R"("use_bias": false)").mlp_bias == false);
  const ModelConfig stablelm =
      read_family("StableLmForCausalLM", R"("qk_layernorm": true, "use_parallel_residual": true)");
  CHECK(stablelm.head_norm == HeadNorm::own);
  CHECK(stablelm.parallel);
}

TEST_CASE("experts: where they stand and how many") {
  const std::string qwen = R"("num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 16)";
  const ModelConfig config =
      read_family("Qwen3MoeForCausalLM", qwen + R"(, "decoder_sparse_step": 2, "mlp_only_layers": [3])");
  std::string layers;
  for (const LayerSpec& layer : config.layers) layers += layer.experts ? 'x' : '-';
  CHECK(layers == "-x---x");
  CHECK_FALSE(config.experts.normalise);
  CHECK(holds(family_error("Qwen3MoeForCausalLM",
                           R"("num_experts": 2, "num_experts_per_tok": 3, "moe_intermediate_size": 1)"),
              "num_experts_per_tok: an integer from 1 to 2 expected"));
  CHECK(
      holds(family_error("Qwen3MoeForCausalLM", qwen + R"(, "mlp_only_layers": [6])"), "mlp_only_layers[0]"));
  const std::string deepseek =
      R"("n_routed_experts": 8, "num_experts_per_tok": 4, "moe_intermediate_size": 16, "n_shared_experts": 3,
      "kv_lora_rank": 8, "qk_nope_head_dim": 6, "qk_rope_head_dim": 4, "v_head_dim": 5, "first_k_dense_replace": 2)";
  const ModelConfig latent =
      read_family("DeepseekV3ForCausalLM", deepseek + R"(, "n_group": 4, "topk_group": 2)");
  CHECK(latent.head_dim == 10);
  // As transformers: V3 takes any number of heads, V2 a divisor of hidden_size.
  const auto heads = [&](const std::string& architecture) {
    return model_config(parse_json(R"({"vocab_size": 100, "hidden_size": 96, "num_hidden_layers": 6,
      "intermediate_size": 50, "num_attention_heads": 7, "architectures": [")" +
                                       architecture + "\"], " + deepseek + "}",
                                   "config.json"))
        .n_heads;
  };
  CHECK(heads("DeepseekV3ForCausalLM") == 7);
  CHECK(holds(load_error([&] { heads("DeepseekV2ForCausalLM"); }),
              "num_attention_heads: a divisor of hidden_size"));
  CHECK(latent.value_dim == 5);
  CHECK(latent.experts.shared_intermediate_size == 48);
  CHECK_FALSE(latent.layers[1].experts);
  CHECK(latent.layers[2].experts);
  CHECK(latent.latent.query_rank == 1536);
  CHECK(latent.experts.scale == 2.5f);
  CHECK(read_family("DeepseekV2ForCausalLM", deepseek + R"(, "q_lora_rank": null)").latent.query_rank == 0);
  CHECK(read_family("DeepseekV2ForCausalLM", deepseek).experts.scale == 1.0f);
  CHECK(holds(family_error("DeepseekV3ForCausalLM", deepseek + R"(, "n_group": 3)"), "n_group: a divisor"));
  CHECK(holds(family_error("DeepseekV3ForCausalLM", deepseek + R"(, "n_group": 4, "topk_group": 1)"),
              "topk_group"));
  CHECK(holds(family_error("DeepseekV2ForCausalLM", deepseek + R"(, "topk_method": "noaux_tc")"),
              "topk_method"));
  CHECK(holds(family_error("DeepseekV2ForCausalLM", deepseek + R"(, "norm_topk_prob": true)"),
              "norm_topk_prob"));
}

TEST_CASE("a multimodal folder's text part is read where it stands alone") {
  const auto multimodal = [](const std::string& text) {
    return model_config(parse_json(
        R"({"architectures": ["Gemma3ForConditionalGeneration"], "vision_config": {}, "text_config": )" +
            text + "}",
        "config.json"));
  };
  const ModelConfig gemma = multimodal(
      R"({"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34,
      "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024})");
  CHECK(gemma.architecture == "Gemma3ForCausalLM");
  CHECK(gemma.vocab_size == 262208);
  CHECK(gemma.n_heads == 8);
  CHECK(gemma.n_kv_heads == 4);
  CHECK(gemma.ropes[0].factor == 8.0);
  CHECK(holds(load_error([&] { multimodal(R"({"model_type": "foo_text"})"); }),
              "config.json: text_config.model_type: one of llama, mistral, "));
  CHECK(holds(load_error([&] { multimodal(R"({"model_type": "llama"})"); }),
              "config.json: text_config: key \"vocab_size\" expected"));
  CHECK(holds(load_error([&] { multimodal("3"); }), "Gemma3ForConditionalGeneration"));
}
