#include "loaders/gguf/gguf_family.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <vector>

#include "loaders/files/load_error.h"

namespace kelvin {
namespace {

void no_settings(const GgufKeys&, JsonWriter&) {}

void copy_number(const GgufKeys& keys, std::string_view from, JsonWriter& config, std::string_view to) {
  // As float: its shortest text is the number the config.json of the original had.
  if (const auto value = keys.find(from)) config.member(to, static_cast<float>(value->as_double()));
}

void copy_integer(const GgufKeys& keys, std::string_view from, JsonWriter& config, std::string_view to) {
  if (const auto value = keys.integer(from, 0)) config.member(to, *value);
}

void experts(const GgufKeys& keys, JsonWriter& config, std::string_view count_key) {
  config.member(count_key, keys.at("expert_count").int_in(1, 1 << 16));
  config.member("num_experts_per_tok", keys.at("expert_used_count").int_in(1, 1 << 16));
}

void mixtral(const GgufKeys& keys, JsonWriter& config) {
  experts(keys, config, "num_local_experts");
  config.member("sliding_window", nullptr);
}

// Layers with an MLP of their own among those with experts: GGUF says so by their tensors only.
void dense_layers(const GgufKeys& keys, JsonWriter& config) {
  constexpr std::string_view begin = "blk.", end = ".ffn_gate.weight";
  std::vector<int> layers;
  for (const std::string_view name : keys.tensor_names()) {
    if (!name.starts_with(begin) || !name.ends_with(end) || name.size() <= begin.size() + end.size())
      continue;
    const std::string_view digits = name.substr(begin.size(), name.size() - begin.size() - end.size());
    int layer = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), layer);
    if (read.ec == std::errc() && read.ptr == digits.data() + digits.size()) layers.push_back(layer);
  }
  config.member("mlp_only_layers", layers);
}

void qwen_experts(const GgufKeys& keys, JsonWriter& config) {
  experts(keys, config, "num_experts");
  dense_layers(keys, config);
  copy_integer(keys, "expert_feed_forward_length", config, "moe_intermediate_size");
  config.member("decoder_sparse_step", 1).member("use_sliding_window", false);
}

void qwen2(const GgufKeys&, JsonWriter& config) { config.member("use_sliding_window", false); }

void qwen2moe(const GgufKeys& keys, JsonWriter& config) {
  qwen_experts(keys, config);
  const StoredTensor* const shared = keys.tensor("blk.0.ffn_up_shexp.weight");
  if (shared && shared->shape.size() == 2) config.member("shared_expert_intermediate_size", shared->shape[0]);
  config.member("norm_topk_prob", false);
}

void qwen3moe(const GgufKeys& keys, JsonWriter& config) {
  qwen_experts(keys, config);
  config.member("norm_topk_prob", true);
}

void gemma(const GgufKeys&, JsonWriter& config) { config.member("hidden_activation", "gelu_pytorch_tanh"); }

// GGUF does not say what queries are scaled by: the largest model of each Gemma has hidden_size / heads in
// the place of head_dim.
void gemma_scale(const GgufKeys& keys, JsonWriter& config, std::int64_t layers_of_largest) {
  const std::int64_t hidden = keys.at("embedding_length").int_in(1, 1 << 30);
  const std::int64_t heads = keys.integer("attention.head_count").value_or(1);
  const std::int64_t head_dim = keys.integer("attention.key_length").value_or(hidden / heads);
  const bool largest = keys.integer("block_count") == layers_of_largest;
  config.member("query_pre_attn_scalar", largest ? hidden / heads : head_dim);
}

void gemma2(const GgufKeys& keys, JsonWriter& config) {
  gemma(keys, config);
  gemma_scale(keys, config, 46);
  copy_number(keys, "attn_logit_softcapping", config, "attn_logit_softcapping");
  copy_number(keys, "final_logit_softcapping", config, "final_logit_softcapping");
  copy_integer(keys, "attention.sliding_window", config, "sliding_window");
}

void layer_types(const GgufKeys& keys, JsonWriter& config) {
  const auto pattern = keys.find("attention.sliding_window_pattern");
  if (!pattern || !pattern->is_array()) return;
  config.key("layer_types").begin_array();
  for (const std::int64_t sliding : pattern->ints())
    config.value(sliding ? "sliding_attention" : "full_attention");
  config.end_array();
}

void gemma3(const GgufKeys& keys, JsonWriter& config) {
  gemma(keys, config);
  gemma_scale(keys, config, 62);
  copy_number(keys, "final_logit_softcapping", config, "final_logit_softcapping");
  copy_integer(keys, "attention.sliding_window", config, "sliding_window");
  config.member("sliding_window_pattern", 6);
  layer_types(keys, config);
  const auto local = keys.find("rope.freq_base_swa");
  config.member("rope_local_base_freq", local ? static_cast<float>(local->as_double()) : 10000.0f);
}

void phi3(const GgufKeys& keys, JsonWriter& config) {
  // Zero stands for none.
  if (keys.integer("attention.sliding_window", 0).value_or(0) > 0)
    copy_integer(keys, "attention.sliding_window", config, "sliding_window");
  copy_integer(keys, "rope.scaling.original_context_length", config, "original_max_position_embeddings");
}

void olmo3(const GgufKeys& keys, JsonWriter& config) {
  copy_integer(keys, "attention.sliding_window", config, "sliding_window");
  layer_types(keys, config);
}

void granite(const GgufKeys& keys, JsonWriter& config) {
  copy_number(keys, "attention.scale", config, "attention_multiplier");
  copy_number(keys, "embedding_scale", config, "embedding_multiplier");
  copy_number(keys, "residual_scale", config, "residual_multiplier");
  copy_number(keys, "logit_scale", config, "logits_scaling");
}

void stablelm(const GgufKeys& keys, JsonWriter& config) {
  copy_number(keys, "attention.layer_norm_epsilon", config, "layer_norm_eps");
  const auto parallel = keys.find("use_parallel_residual");
  config.member("use_parallel_residual", parallel && parallel->as_bool());
  config.member("use_qkv_bias", keys.tensor("blk.0.attn_q.bias") != nullptr);
  config.member("qk_layernorm", keys.tensor("blk.0.attn_q_norm.weight") != nullptr);
}

void cohere(const GgufKeys& keys, JsonWriter& config) {
  copy_number(keys, "attention.layer_norm_epsilon", config, "layer_norm_eps");
  copy_number(keys, "logit_scale", config, "logit_scale");
  config.member("use_qk_norm", keys.tensor("blk.0.attn_q_norm.weight") != nullptr);
}

void cohere2(const GgufKeys& keys, JsonWriter& config) {
  copy_number(keys, "attention.layer_norm_epsilon", config, "layer_norm_eps");
  copy_number(keys, "logit_scale", config, "logit_scale");
  copy_integer(keys, "attention.sliding_window", config, "sliding_window");
  config.member("sliding_window_pattern", 4);
  layer_types(keys, config);
}

void starcoder2(const GgufKeys& keys, JsonWriter& config) {
  copy_number(keys, "attention.layer_norm_epsilon", config, "norm_epsilon");
  config.member("hidden_act", "gelu_pytorch_tanh");
  config.member("use_bias", keys.tensor("blk.0.attn_q.bias") != nullptr);
  config.member("sliding_window", nullptr);
}

void smollm3(const GgufKeys&, JsonWriter& config) {
  config.member("no_rope_layer_interval", 4).member("use_sliding_window", false);
}

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

constexpr GgufFamily families[] = {
    {"llama", false, "LlamaForCausalLM", true, false, no_settings, {}},
    {"llama", true, "MixtralForCausalLM", true, false, mixtral, mixtral_modules},
    {"qwen2", false, "Qwen2ForCausalLM", false, false, qwen2, {}},
    {"qwen2moe", true, "Qwen2MoeForCausalLM", false, false, qwen2moe, qwen_expert_modules},
    {"qwen3", false, "Qwen3ForCausalLM", false, false, qwen2, {}},
    {"qwen3moe", true, "Qwen3MoeForCausalLM", false, false, qwen3moe, qwen_expert_modules},
    {"phi3", false, "Phi3ForCausalLM", false, false, phi3, phi3_modules},
    {"gemma", false, "GemmaForCausalLM", false, true, gemma, {}},
    {"gemma2", false, "Gemma2ForCausalLM", false, true, gemma2, sandwich_modules},
    {"gemma3", false, "Gemma3ForCausalLM", false, true, gemma3, sandwich_modules},
    {"olmo2", false, "Olmo2ForCausalLM", false, false, no_settings, sandwich_modules},
    {"olmo2", false, "Olmo3ForCausalLM", false, false, olmo3, sandwich_modules},
    {"granite", false, "GraniteForCausalLM", true, false, granite, {}},
    {"smollm3", false, "SmolLM3ForCausalLM", true, false, smollm3, {}},
    {"stablelm", false, "StableLmForCausalLM", false, false, stablelm, stablelm_modules},
    {"starcoder2", false, "Starcoder2ForCausalLM", false, false, starcoder2, starcoder2_modules},
    {"command-r", false, "CohereForCausalLM", false, false, cohere, {}},
    {"cohere2", false, "Cohere2ForCausalLM", false, false, cohere2, {}},
};

constexpr GgufModule outer_modules[] = {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
};

// "<prefix><digits>.<module>.<suffix>" in parts; all empty if `name` is not of this form.
struct LayerName {
  std::string_view layer, module, suffix;
};
LayerName layer_name(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  const std::size_t first = name.find('.'), last = name.rfind('.');
  if (first == name.npos || first == last) return {};
  const std::string_view layer = name.substr(0, first);
  if (layer.empty() || layer.find_first_not_of("0123456789") != layer.npos) return {};
  return {layer, name.substr(first + 1, last - first - 1), name.substr(last + 1)};
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

GgufKeys::GgufKeys(std::vector<const GgufFile*> parts)
    : parts_(std::move(parts)), architecture_(file().at("general.architecture").as_string()) {}

std::optional<GgufValue> GgufKeys::find(std::string_view key) const {
  return file().find(std::string(architecture_).append(".").append(key));
}

GgufValue GgufKeys::at(std::string_view key) const {
  return file().at(std::string(architecture_).append(".").append(key));
}

std::optional<std::int64_t> GgufKeys::integer(std::string_view key, std::int64_t low) const {
  const auto value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_array()) return value->int_in(low, std::numeric_limits<int>::max());
  const std::vector<std::int64_t> layers = value->ints();
  if (layers.empty() ||
      std::adjacent_find(layers.begin(), layers.end(), std::not_equal_to<>()) != layers.end())
    value->fail("one number for all layers expected, different ones found");
  if (layers[0] < low || layers[0] > std::numeric_limits<int>::max())
    value->fail("integers from " + std::to_string(low) + " on expected, " + std::to_string(layers[0]) +
                " found");
  return layers[0];
}

std::vector<std::string_view> GgufKeys::tensor_names() const {
  std::vector<std::string_view> names;
  for (const GgufFile* part : parts_)
    for (const StoredTensor& tensor : part->tensors()) names.push_back(tensor.name);
  return names;
}

const StoredTensor* GgufKeys::tensor(std::string_view name) const {
  for (const GgufFile* part : parts_)
    for (const StoredTensor& tensor : part->tensors())
      if (tensor.name == name) return &tensor;
  return nullptr;
}

const GgufFamily& gguf_family(const GgufKeys& keys) {
  const bool has_experts = keys.integer("expert_count", 0).value_or(0) > 0;
  const bool windowed = keys.find("attention.sliding_window").has_value();
  std::string known;
  for (const GgufFamily& family : families) {
    if (family.name == keys.architecture() && family.experts == has_experts) {
      // OLMo 3 is OLMo 2 with windows.
      if (family.architecture == "Olmo2ForCausalLM" && windowed) continue;
      return family;
    }
    if (known.find(family.name) == known.npos) known.append(known.empty() ? "" : ", ").append(family.name);
  }
  keys.file()
      .at("general.architecture")
      .fail("one of " + known + " expected, " + in_quotes(keys.architecture()) + " found" +
            (has_experts ? " (with experts)" : ""));
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
