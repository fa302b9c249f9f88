#include "loaders/gguf/gguf_family.h"

#include <algorithm>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/gguf/gguf_deepseek.h"
#include "loaders/gguf/gguf_layers.h"
#include "loaders/gguf/gguf_settings.h"

namespace kelvin {
namespace {

bool plain(const GgufKeys& keys) { return !gguf::has_experts(keys); }
bool plain_windowed(const GgufKeys& keys) { return plain(keys) && gguf::has_window(keys); }

// Biases of queries alone: InternLM3's files are called those of a Llama.
bool internlm3(const GgufKeys& keys) {
  return plain(keys) && !keys.tensor("blk.0.attn_q.bias") != !keys.tensor("blk.0.attn_output.bias");
}

bool deepseek2(const GgufKeys& keys) { return gguf::has_experts(keys) && !gguf::sigmoid_experts(keys); }
bool deepseek3(const GgufKeys& keys) { return gguf::has_experts(keys) && gguf::sigmoid_experts(keys); }

constexpr GgufModule common_modules[] = {
    {"attn_norm", "input_layernorm"},    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},      {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"}, {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"}, {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},       {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
};

constexpr GgufModule mixtral_modules[] = {
    {"ffn_gate_inp", "block_sparse_moe.gate"},
    {"ffn_gate_exps", "block_sparse_moe.experts.{}.w1"},
    {"ffn_down_exps", "block_sparse_moe.experts.{}.w2"},
    {"ffn_up_exps", "block_sparse_moe.experts.{}.w3"},
};

constexpr GgufModule qwen_expert_modules[] = {
    {"ffn_gate_inp", "mlp.gate"},
    {"ffn_gate_exps", "mlp.experts.{}.gate_proj"},
    {"ffn_down_exps", "mlp.experts.{}.down_proj"},
    {"ffn_up_exps", "mlp.experts.{}.up_proj"},
    {"ffn_gate_inp_shexp", "mlp.shared_expert_gate"},
    {"ffn_gate_shexp", "mlp.shared_expert.gate_proj"},
    {"ffn_down_shexp", "mlp.shared_expert.down_proj"},
    {"ffn_up_shexp", "mlp.shared_expert.up_proj"},
};

// The norms of Gemma 2 and 3, before and behind both halves of a layer; OLMo 2 has those behind only.
constexpr GgufModule sandwich_modules[] = {
    {"post_attention_norm", "post_attention_layernorm"},
    {"ffn_norm", "pre_feedforward_layernorm"},
    {"post_ffw_norm", "post_feedforward_layernorm"},
};

constexpr GgufModule phi3_modules[] = {
    {"attn_qkv", "self_attn.qkv_proj"},
    {"ffn_up", "mlp.gate_up_proj"},
};

// One LayerNorm per head, which GGUF stacks as it does experts.
constexpr GgufModule stablelm_modules[] = {
    {"attn_q_norm", "self_attn.q_layernorm.norms.{}"},
    {"attn_k_norm", "self_attn.k_layernorm.norms.{}"},
};

constexpr GgufModule starcoder2_modules[] = {
    {"ffn_up", "mlp.c_fc"},
    {"ffn_down", "mlp.c_proj"},
};

constexpr GgufModule deepseek_modules[] = {
    {"attn_q_a", "self_attn.q_a_proj"},
    {"attn_q_a_norm", "self_attn.q_a_layernorm"},
    {"attn_q_b", "self_attn.q_b_proj"},
    {"attn_kv_a_mqa", "self_attn.kv_a_proj_with_mqa"},
    {"attn_kv_a_norm", "self_attn.kv_a_layernorm"},
    {"attn_kv_b", "self_attn.kv_b_proj"},
    {"ffn_gate_inp", "mlp.gate"},
    {"exp_probs_b.bias", "mlp.gate.e_score_correction_bias"},
    {"ffn_gate_exps", "mlp.experts.{}.gate_proj"},
    {"ffn_down_exps", "mlp.experts.{}.down_proj"},
    {"ffn_up_exps", "mlp.experts.{}.up_proj"},
    {"ffn_gate_shexp", "mlp.shared_experts.gate_proj"},
    {"ffn_down_shexp", "mlp.shared_experts.down_proj"},
    {"ffn_up_shexp", "mlp.shared_experts.up_proj"},
};

constexpr GgufFamily families[] = {
    {"llama", gguf::has_experts, "MixtralForCausalLM", true, false, gguf::mixtral_settings, mixtral_modules},
    {"llama", plain_windowed, "MistralForCausalLM", true, false, gguf::mistral_settings, {}},
    {"llama", internlm3, "InternLM3ForCausalLM", true, false, gguf::internlm3_settings, {}},
    {"llama", plain, "LlamaForCausalLM", true, false, gguf::llama_settings, {}},
    {"qwen2", plain, "Qwen2ForCausalLM", false, false, gguf::qwen_settings, {}},
    {"qwen2vl", plain, "Qwen2ForCausalLM", false, false, gguf::qwen_vl_settings, {}},
    {"qwen2moe", gguf::has_experts, "Qwen2MoeForCausalLM", false, false, gguf::qwen2moe_settings,
     qwen_expert_modules},
    {"qwen3", plain, "Qwen3ForCausalLM", false, false, gguf::qwen_settings, {}},
    {"qwen3vl", plain, "Qwen3ForCausalLM", false, false, gguf::qwen_vl_settings, {}},
    {"qwen3moe", gguf::has_experts, "Qwen3MoeForCausalLM", false, false, gguf::qwen3moe_settings,
     qwen_expert_modules},
    {"qwen3vlmoe", gguf::has_experts, "Qwen3MoeForCausalLM", false, false, gguf::qwen3vlmoe_settings,
     qwen_expert_modules},
    {"phi3", plain, "Phi3ForCausalLM", false, false, gguf::phi3_settings, phi3_modules},
    {"gemma", plain, "GemmaForCausalLM", false, true, gguf::gemma_settings, {}},
    {"gemma2", plain, "Gemma2ForCausalLM", false, true, gguf::gemma2_settings, sandwich_modules},
    {"gemma3", plain, "Gemma3ForCausalLM", false, true, gguf::gemma3_settings, sandwich_modules},
    {"olmo2", plain_windowed, "Olmo3ForCausalLM", false, false, gguf::olmo3_settings, sandwich_modules},
    {"olmo2", plain, "Olmo2ForCausalLM", false, false, gguf::olmo2_settings, sandwich_modules},
    {"granite", plain, "GraniteForCausalLM", true, false, gguf::granite_settings, {}},
    {"smollm3", plain, "SmolLM3ForCausalLM", true, false, gguf::smollm3_settings, {}},
    {"stablelm", plain, "StableLmForCausalLM", false, false, gguf::stablelm_settings, stablelm_modules},
    {"starcoder2", plain, "Starcoder2ForCausalLM", false, false, gguf::starcoder2_settings,
     starcoder2_modules},
    {"command-r", plain, "CohereForCausalLM", false, false, gguf::cohere_settings, {}},
    {"cohere2", plain, "Cohere2ForCausalLM", false, false, gguf::cohere2_settings, {}},
    {"mistral3", plain, "MistralForCausalLM", true, false, gguf::mistral_settings, {}},
    {"deepseek2", deepseek2, "DeepseekV2ForCausalLM", false, false, gguf::deepseek2_settings,
     deepseek_modules, true},
    {"deepseek2", deepseek3, "DeepseekV3ForCausalLM", false, false, gguf::deepseek3_settings,
     deepseek_modules, true},
};

constexpr GgufModule outer_modules[] = {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
};

// "<prefix><digits>.<module>.<suffix>" in parts; all empty if `name` is not of this form.
struct LayerName {
  std::string_view layer, module, suffix, whole;  // the last is module and suffix
};
LayerName layer_name(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  const std::size_t first = name.find('.'), last = name.rfind('.');
  if (first == name.npos || first == last) return {};
  const std::string_view layer = name.substr(0, first);
  if (layer.empty() || layer.find_first_not_of("0123456789") != layer.npos) return {};
  return {layer, name.substr(first + 1, last - first - 1), name.substr(last + 1), name.substr(first + 1)};
}

// `from` and `to` choose the direction.
std::string translated(const GgufFamily& family, std::string_view name, std::string_view GgufModule::*from,
                       std::string_view GgufModule::*to, std::string_view from_prefix,
                       std::string_view to_prefix) {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos) return {};
  for (const GgufModule& row : outer_modules)
    if (row.*from == name.substr(0, dot)) return std::string(row.*to).append(name.substr(dot));
  const LayerName parts = layer_name(name, from_prefix);
  const auto search = [&](std::span<const GgufModule> rows) -> std::string {
    for (const GgufModule& row : rows)
      if (row.*from == parts.whole)
        return std::string(to_prefix).append(parts.layer).append(".").append(row.*to);
    for (const GgufModule& row : rows)
      if (row.*from == parts.module)
        return std::string(to_prefix)
            .append(parts.layer)
            .append(".")
            .append(row.*to)
            .append(".")
            .append(parts.suffix);
    return {};
  };
  if (parts.module.empty()) return {};
  if (std::string own = search(family.modules); !own.empty()) return own;
  return search(common_modules);
}

}  // namespace

const GgufFamily& gguf_family(const GgufKeys& keys) {
  const auto type = keys.file().find("general.type");
  if (type && type->as_string() != "model")
    type->fail("model expected, " + in_quotes(type->as_string()) + " found");
  std::string known;
  bool named = false;
  for (const GgufFamily& family : families) {
    if (family.name == keys.architecture()) {
      named = true;
      if (family.is_this(keys)) return family;
    }
    if (known.find(family.name) == known.npos) known.append(known.empty() ? "" : ", ").append(family.name);
  }
  keys.file()
      .at("general.architecture")
      .fail("one of " + known + " expected, " + in_quotes(keys.architecture()) + " found" +
            (!named                    ? ""
             : gguf::has_experts(keys) ? " (with experts)"
                                       : " (without experts)"));
}

std::string hf_tensor_name(const GgufFamily& family, std::string_view gguf_name) {
  return translated(family, gguf_name, &GgufModule::gguf, &GgufModule::hf, "blk.", "model.layers.");
}

std::string gguf_tensor_name(const GgufFamily& family, std::string_view hf_name) {
  // Numbered experts back to the one tensor they stand in.
  std::string name(hf_name);
  for (const std::string_view list : {".experts.", ".norms."})
    if (const std::size_t at = name.find(list); at != name.npos) {
      const std::size_t begin = at + list.size(), end = std::min(name.find('.', begin), name.size());
      name.replace(begin, end - begin, "{}");
    }
  return translated(family, name, &GgufModule::hf, &GgufModule::gguf, "model.layers.", "blk.");
}

}  // namespace kelvin
