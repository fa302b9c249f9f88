#include "loaders/model/hf_family.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "loaders/json/json_fields.h"
#include "loaders/model/hf_deepseek.h"
#include "loaders/model/hf_layers.h"
#include "loaders/model/hf_rope.h"

namespace kelvin {
namespace {

bool flag(JsonValue config, std::string_view key, bool default_value = false) {
  return optional_bool(config, key).value_or(default_value);
}

void one_rope(JsonValue config, ModelConfig& into, const RopeDefaults& defaults = {}) {
  into.ropes = {rope_spec(config, into.head_dim, into.max_position, defaults)};
}

void same_window(int window, ModelConfig& into) {
  for (LayerSpec& layer : into.layers) layer.window = window;
}

void attention_bias(JsonValue config, ModelConfig& into) {
  into.qkv_bias = into.o_bias = flag(config, "attention_bias");
}

void read_llama(JsonValue config, ModelConfig& into) {
  attention_bias(config, into);
  into.mlp_bias = flag(config, "mlp_bias");
  one_rope(config, into);
}

void read_mistral(JsonValue config, ModelConfig& into) {
  same_window(window_size(config, 4096), into);
  one_rope(config, into);
}

void read_internlm3(JsonValue config, ModelConfig& into) {
  into.qkv_bias = flag(config, "qkv_bias");
  into.o_bias = into.mlp_bias = flag(config, "bias");
  one_rope(config, into);
}

// Windows count only where use_sliding_window says so.
int qwen_window(JsonValue config) {
  return flag(config, "use_sliding_window") ? window_size(config, 4096) : 0;
}

void qwen_layers(JsonValue config, ModelConfig& into) {
  const int unlimited = optional_int(config, "max_window_layers", {0}).value_or(28);
  set_windows(sliding_layers(config, into.n_layers, [&](int layer) { return layer >= unlimited; }),
              qwen_window(config), into);
}

void read_qwen2(JsonValue config, ModelConfig& into) {
  into.qkv_bias = true;
  qwen_layers(config, into);
  one_rope(config, into);
}

// The three rows of positions that mrope speaks of are equal in text, and then it is plain RoPE.
void read_qwen2_vl(JsonValue config, ModelConfig& into) {
  into.qkv_bias = true;
  const int unlimited = optional_int(config, "max_window_layers", {0}).value_or(80);
  set_windows(sliding_layers(config, into.n_layers, [&](int layer) { return layer >= unlimited; }),
              qwen_window(config), into);
  one_rope(config, into, {.theta = 1e6, .mrope = true});
}

void read_qwen3_vl(JsonValue config, ModelConfig& into) {
  attention_bias(config, into);
  into.head_norm = HeadNorm::per_head;
  one_rope(config, into, {.theta = 5e5, .mrope = true});
}

void read_qwen3(JsonValue config, ModelConfig& into) {
  attention_bias(config, into);
  into.head_norm = HeadNorm::per_head;
  qwen_layers(config, into);
  one_rope(config, into);
}

void read_phi3(JsonValue config, ModelConfig& into) {
  same_window(window_size(config, 0), into);
  one_rope(config, into, {.rotated_part = 1.0, .original_max_position = 4096, .yarn_is_longrope = true});
}

void read_smollm3(JsonValue config, ModelConfig& into) {
  attention_bias(config, into);
  into.mlp_bias = flag(config, "mlp_bias");
  one_rope(config, into, {.theta = 2e6});
  const int interval = optional_int(config, "no_rope_layer_interval", positive_int).value_or(4);
  for (int i = 0; i < into.n_layers; ++i) into.layers[i].rope = (i + 1) % interval == 0 ? -1 : 0;
  if (const auto rotated = optional_member(config, "no_rope_layers")) {
    if (rotated->items().size() < into.layers.size())
      rotated->fail(std::to_string(into.n_layers) + " numbers expected (num_hidden_layers), " +
                    std::to_string(rotated->size()) + " found");
    auto layer = into.layers.begin();
    for (const JsonValue value : rotated->items()) {
      if (layer == into.layers.end()) break;
      (layer++)->rope = int_in(value, {0, 1}) - 1;  // 1 stands for a layer that does rotate
    }
  }
  const auto slides = [&](int layer) { return into.layers[layer].rope < 0; };
  const int window = flag(config, "use_sliding_window") ? window_size(config, 0) : 0;
  set_windows(sliding_layers(config, into.n_layers, slides), window, into);
}

void olmo(JsonValue config, ModelConfig& into) {
  attention_bias(config, into);
  into.norm_before = false;
  into.norm_after = true;
  into.head_norm = HeadNorm::all_heads;
}

void read_olmo2(JsonValue config, ModelConfig& into) {
  olmo(config, into);
  one_rope(config, into);
}

// Ropes 0 and 1 for layers without and with a window.
void two_ropes(JsonValue config, ModelConfig& into, RopeDefaults all, RopeDefaults sliding) {
  all.layer_type = "full_attention";
  sliding.layer_type = "sliding_attention";
  sliding.scaled = false;
  into.ropes = {rope_spec(config, into.head_dim, into.max_position, all),
                rope_spec(config, into.head_dim, into.max_position, sliding)};
}

void windows_with_own_rope(const std::vector<bool>& sliding, int window, ModelConfig& into) {
  set_windows(sliding, window, into);
  for (std::size_t i = 0; i < sliding.size(); ++i) into.layers[i].rope = sliding[i] ? 1 : 0;
}

void read_olmo3(JsonValue config, ModelConfig& into) {
  olmo(config, into);
  // A theta outside the parameters is that of the layers without a window only, as transformers 5 reads it.
  two_ropes(config, into, {.theta = 5e5}, {.theta = 5e5, .theta_key = ""});
  windows_with_own_rope(sliding_layers(config, into.n_layers, [](int layer) { return (layer + 1) % 4 != 0; }),
                        window_size(config, 4096), into);
}

void read_granite(JsonValue config, ModelConfig& into) {
  read_llama(config, into);
  const auto number = [&](const char* key) {
    return static_cast<float>(optional_real(config, key, positive_real).value_or(1.0));
  };
  into.embedding_multiplier = number("embedding_multiplier");
  into.attention_scale = number("attention_multiplier");
  into.residual_multiplier = number("residual_multiplier");
  into.logit_multiplier = 1.0f / number("logits_scaling");
}

void gemma(JsonValue config, ModelConfig& into) {
  if (flag(config, "use_bidirectional_attention"))
    config.at("use_bidirectional_attention").fail("false expected (a causal decoder), true found");
  attention_bias(config, into);
  into.embedding_multiplier = std::sqrt(static_cast<float>(into.hidden_size));
}

void read_gemma(JsonValue config, ModelConfig& into) {
  gemma(config, into);
  // The first configs say gelu and mean its tanh form.
  if (into.activation == Activation::gelu_erf) into.activation = Activation::gelu_tanh;
  one_rope(config, into);
}

// null: none.
float soft_cap(JsonValue config, std::string_view key, double default_value) {
  if (!config.find(key)) return static_cast<float>(default_value);
  return static_cast<float>(optional_real(config, key, positive_real).value_or(0.0));
}

void gemma_2_and_3(JsonValue config, ModelConfig& into, double logit_cap) {
  gemma(config, into);
  into.norm_after = true;
  const double scalar = optional_real(config, "query_pre_attn_scalar", positive_real).value_or(256.0);
  into.attention_scale = static_cast<float>(1.0 / std::sqrt(scalar));
  into.logit_soft_cap = soft_cap(config, "final_logit_softcapping", logit_cap);
}

std::vector<bool> by_pattern(JsonValue config, int n_layers, int default_value) {
  const int pattern = optional_int(config, "sliding_window_pattern", positive_int).value_or(default_value);
  return sliding_layers(config, n_layers, [=](int layer) { return (layer + 1) % pattern != 0; });
}

void read_gemma2(JsonValue config, ModelConfig& into) {
  gemma_2_and_3(config, into, 30.0);
  into.attention_soft_cap = soft_cap(config, "attn_logit_softcapping", 50.0);
  one_rope(config, into);
  set_windows(sliding_layers(config, into.n_layers, [](int layer) { return layer % 2 == 0; }),
              window_size(config, 4096), into);
}

void read_gemma3(JsonValue config, ModelConfig& into) {
  // Its configs name attn_logit_softcapping too, which no implementation applies: the norms of heads replace
  // it.
  gemma_2_and_3(config, into, 0.0);
  two_ropes(config, into, {.theta = 1e6}, {.theta = 1e4, .theta_key = "rope_local_base_freq"});
  into.head_norm = HeadNorm::per_head;
  windows_with_own_rope(by_pattern(config, into.n_layers, 6), window_size(config, 4096), into);
}

void read_stablelm(JsonValue config, ModelConfig& into) {
  into.norm = NormKind::layer;
  into.norm_bias = true;
  into.qkv_bias = flag(config, "use_qkv_bias");
  into.parallel = flag(config, "use_parallel_residual");
  if (flag(config, "qk_layernorm")) into.head_norm = HeadNorm::own;
  one_rope(config, into, {.rotated_part = 0.25});
}

void cohere(JsonValue config, ModelConfig& into, double theta) {
  attention_bias(config, into);
  into.norm = NormKind::layer;
  into.parallel = true;
  into.logit_multiplier =
      static_cast<float>(optional_real(config, "logit_scale", positive_real).value_or(0.0625));
  one_rope(config, into, {.theta = theta});
  into.ropes[0].interleaved = true;
}

void read_cohere(JsonValue config, ModelConfig& into) {
  cohere(config, into, 5e5);
  if (flag(config, "use_qk_norm")) into.head_norm = HeadNorm::own;
}

void read_cohere2(JsonValue config, ModelConfig& into) {
  cohere(config, into, 1e4);
  const std::vector<bool> sliding = by_pattern(config, into.n_layers, 4);
  set_windows(sliding, window_size(config, 4096), into);
  for (std::size_t i = 0; i < sliding.size(); ++i) into.layers[i].rope = into.layers[i].window > 0 ? 0 : -1;
}

void read_starcoder2(JsonValue config, ModelConfig& into) {
  into.norm = NormKind::layer;
  into.norm_bias = true;
  into.gated = false;
  into.qkv_bias = into.o_bias = into.mlp_bias = flag(config, "use_bias", true);
  same_window(window_size(config, 0), into);
  one_rope(config, into);
}

void read_mixtral(JsonValue config, ModelConfig& into) {
  read_experts(config, "num_local_experts", "intermediate_size", into);
  into.experts.normalise = true;
  for (LayerSpec& layer : into.layers) layer.experts = true;
  same_window(window_size(config, 0), into);
  one_rope(config, into, {.theta = 1e6});
}

void read_qwen2_moe(JsonValue config, ModelConfig& into) {
  into.qkv_bias = flag(config, "qkv_bias", true);
  read_experts(config, "num_experts", "moe_intermediate_size", into);
  into.experts.normalise = flag(config, "norm_topk_prob");
  into.experts.shared_intermediate_size =
      required_int(config, "shared_expert_intermediate_size", positive_int);
  into.experts.shared_gate = true;
  set_expert_layers(config, into);
  const int windowed = optional_int(config, "max_window_layers", {0}).value_or(28);
  const auto slides = [=](int layer) { return layer % 2 == 0 && layer < windowed; };
  set_windows(sliding_layers(config, into.n_layers, slides), qwen_window(config), into);
  one_rope(config, into);
}

void read_qwen3_moe(JsonValue config, ModelConfig& into) {
  attention_bias(config, into);
  into.head_norm = HeadNorm::per_head;
  read_experts(config, config.find("num_experts") ? "num_experts" : "num_local_experts",
               "moe_intermediate_size", into);
  into.experts.normalise = flag(config, "norm_topk_prob");
  set_expert_layers(config, into);
  same_window(qwen_window(config), into);
  one_rope(config, into);
}

constexpr TensorNames fused{.qkv = "self_attn.qkv_proj", .gate_up = "mlp.gate_up_proj"};
constexpr TensorNames norms_after{.attention_post_norm = "post_attention_layernorm"};
constexpr TensorNames less_one{.norms_less_one = true};
constexpr TensorNames four_norms{.attention_post_norm = "post_attention_layernorm",
                                 .mlp_norm = "pre_feedforward_layernorm",
                                 .norms_less_one = true};
constexpr TensorNames norms_of_heads{.q_norm = "self_attn.q_layernorm.norms.#",
                                     .k_norm = "self_attn.k_layernorm.norms.#"};
constexpr TensorNames no_gate{.up = "mlp.c_fc", .down = "mlp.c_proj"};
constexpr TensorNames block_sparse{.router = "block_sparse_moe.gate",
                                   .expert_gate = "block_sparse_moe.experts.#.w1",
                                   .expert_up = "block_sparse_moe.experts.#.w3",
                                   .expert_down = "block_sparse_moe.experts.#.w2"};
constexpr TensorNames one_shared{.shared = "mlp.shared_expert"};

constexpr ConfigDefaults gemma_defaults{
    .activation = "gelu_pytorch_tanh", .tied = true, .head_dim = 256, .max_position = 8192};
constexpr ConfigDefaults gemma2_defaults{.activation_key = "hidden_activation",
                                         .activation = "gelu_pytorch_tanh",
                                         .tied = true,
                                         .head_dim = 256,
                                         .max_position = 8192};
constexpr ConfigDefaults gemma3_defaults{.activation_key = "hidden_activation",
                                         .activation = "gelu_pytorch_tanh",
                                         .tied = true,
                                         .head_dim = 256,
                                         .max_position = 131072,
                                         .vocab_size = 262208,
                                         .n_heads = 8,
                                         .n_kv_heads = 4};
constexpr ConfigDefaults layer_norms{.epsilon_key = "layer_norm_eps", .epsilon = 1e-5, .max_position = 4096};
constexpr ConfigDefaults cohere_defaults{
    .epsilon_key = "layer_norm_eps", .epsilon = 1e-5, .tied = true, .max_position = 8192};
constexpr ConfigDefaults starcoder2_defaults{.activation = "gelu_pytorch_tanh",
                                             .epsilon_key = "norm_epsilon",
                                             .epsilon = 1e-5,
                                             .tied = true,
                                             .max_position = 4096};

constexpr Family rows[] = {
    {"LlamaForCausalLM", "llama", read_llama},
    {"MistralForCausalLM", "mistral", read_mistral, {.max_position = 131072}},
    {"Qwen2ForCausalLM", "qwen2", read_qwen2, {.max_position = 32768}},
    {"Qwen3ForCausalLM", "qwen3", read_qwen3, {.head_dim = 128, .max_position = 32768}},
    {"Phi3ForCausalLM", "phi3", read_phi3, {.epsilon = 1e-5, .max_position = 4096}, fused},
    {"SmolLM3ForCausalLM", "smollm3", read_smollm3, {.tied = true, .max_position = 32768}},
    {"Olmo2ForCausalLM", "olmo2", read_olmo2, {.epsilon = 1e-5}, norms_after},
    {"Olmo3ForCausalLM", "olmo3", read_olmo3, {.epsilon = 1e-5}, norms_after},
    {"GraniteForCausalLM", "granite", read_granite},
    {"GemmaForCausalLM", "gemma", read_gemma, gemma_defaults, less_one},
    {"Gemma2ForCausalLM", "gemma2", read_gemma2, gemma2_defaults, four_norms},
    {"Gemma3ForCausalLM", "gemma3_text", read_gemma3, gemma3_defaults, four_norms},
    {"StableLmForCausalLM", "stablelm", read_stablelm, layer_norms, norms_of_heads},
    {"CohereForCausalLM", "cohere", read_cohere, cohere_defaults},
    {"Cohere2ForCausalLM", "cohere2", read_cohere2, cohere_defaults},
    {"Starcoder2ForCausalLM", "starcoder2", read_starcoder2, starcoder2_defaults, no_gate},
    {"InternLM3ForCausalLM", "internlm3", read_internlm3, {.max_position = 32768}},
    {"MixtralForCausalLM", "mixtral", read_mixtral, {.epsilon = 1e-5, .max_position = 131072}, block_sparse},
    {"Qwen2MoeForCausalLM", "qwen2_moe", read_qwen2_moe, {.max_position = 32768}, one_shared},
    {"Qwen3MoeForCausalLM", "qwen3_moe", read_qwen3_moe, {.max_position = 32768}},
    {"DeepseekV2ForCausalLM", "deepseek_v2", read_deepseek2},
    // Its heads have sizes of their own, whether or not their number divides hidden_size.
    {"DeepseekV3ForCausalLM", "deepseek_v3", read_deepseek3, {.head_dim = 64, .max_position = 4096}},
};

constexpr Family text_rows[] = {
    {"Qwen2ForCausalLM", "qwen2_vl_text", read_qwen2_vl, {.epsilon = 1e-5, .max_position = 32768}},
    {"Qwen2ForCausalLM", "qwen2_5_vl_text", read_qwen2_vl, {.epsilon = 1e-5, .max_position = 32768}},
    {"Qwen3ForCausalLM", "qwen3_vl_text", read_qwen3_vl, {.head_dim = 128, .max_position = 128000}},
};

}  // namespace

std::span<const Family> families() { return rows; }

std::span<const Family> text_families() { return text_rows; }

const Family* family_named(std::string_view architecture) {
  const auto found = std::find_if(std::begin(rows), std::end(rows),
                                  [&](const Family& family) { return family.architecture == architecture; });
  return found == std::end(rows) ? nullptr : &*found;
}

}  // namespace kelvin
