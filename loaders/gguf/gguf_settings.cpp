#include "loaders/gguf/gguf_settings.h"

#include "loaders/gguf/gguf_layers.h"

namespace kelvin::gguf {
namespace {

bool has(const GgufKeys& keys, std::string_view tensor) { return keys.tensor(tensor) != nullptr; }

void layer_norms(const GgufKeys& keys, JsonWriter& config) {
  copy_number(keys, "attention.layer_norm_epsilon", config, "layer_norm_eps");
}

void qwen_experts(const GgufKeys& keys, JsonWriter& config, bool normalised) {
  write_experts(keys, config, "num_experts");
  write_dense_layers(keys, config);
  copy_integer(keys, "expert_feed_forward_length", config, "moe_intermediate_size");
  const auto said = keys.find("expert_weights_norm");
  config.member("norm_topk_prob", said ? said->as_bool() : normalised);
  config.member("decoder_sparse_step", 1).member("use_sliding_window", window_of(keys) > 0);
}

// Text stands at the same position in all sections, so their sizes change nothing, nor do the layers that
// take in pictures.
void sections(const GgufKeys& keys) {
  keys.find("rope.dimension_sections");
  keys.find("n_deepstack_layers");
}

// What queries are scaled by. Where the file does not say it: the largest model of each Gemma has hidden_size
// / heads in the place of head_dim.
void gemma_scale(const GgufKeys& keys, JsonWriter& config, std::int64_t layers_of_largest) {
  if (const auto scale = keys.number("attention.scale"); scale && *scale != 0) {
    config.member("query_pre_attn_scalar", 1 / (static_cast<double>(*scale) * *scale));
    return;
  }
  const std::int64_t hidden = keys.at("embedding_length").int_in(1, 1 << 30);
  const std::int64_t heads = keys.integer("attention.head_count").value_or(1);
  const std::int64_t head_dim = keys.integer("attention.key_length").value_or(hidden / heads);
  const bool largest = keys.integer("block_count") == layers_of_largest;
  config.member("query_pre_attn_scalar", largest ? hidden / heads : head_dim);
}

// Zero stands for none.
void soft_cap(const GgufKeys& keys, JsonWriter& config, std::string_view key) {
  const auto cap = keys.number(key);
  if (cap && *cap == 0)
    config.member(key, nullptr);
  else if (cap)
    config.member(key, *cap);
}

}  // namespace

void copy_number(const GgufKeys& keys, std::string_view from, JsonWriter& config, std::string_view to) {
  if (const auto value = keys.number(from)) config.member(to, *value);
}

void copy_integer(const GgufKeys& keys, std::string_view from, JsonWriter& config, std::string_view to) {
  if (const auto value = keys.integer(from, 0)) config.member(to, *value);
}

void llama_settings(const GgufKeys&, JsonWriter&) {}

void mistral_settings(const GgufKeys& keys, JsonWriter& config) { write_window(keys, config); }

void internlm3_settings(const GgufKeys& keys, JsonWriter& config) {
  config.member("qkv_bias", has(keys, "blk.0.attn_q.bias"));
  config.member("bias", has(keys, "blk.0.attn_output.bias"));
}

void mixtral_settings(const GgufKeys& keys, JsonWriter& config) {
  write_experts(keys, config, "num_local_experts");
  write_window(keys, config);
  // It has no other way; expert_feed_forward_length is the size of what its tensors are checked with.
  if (const auto said = keys.find("expert_weights_norm"); said && !said->as_bool())
    said->fail("true expected (the chosen experts' weights sum to 1), false found");
  const auto own = keys.integer("expert_feed_forward_length", 0);
  if (own && own != keys.integer("feed_forward_length", 0))
    keys.at("expert_feed_forward_length").fail("the value of feed_forward_length expected, another found");
}

void qwen_settings(const GgufKeys& keys, JsonWriter& config) {
  config.member("use_sliding_window", write_windows(keys, config, 0));
}

void qwen_vl_settings(const GgufKeys& keys, JsonWriter& config) {
  sections(keys);
  qwen_settings(keys, config);
}

void qwen2moe_settings(const GgufKeys& keys, JsonWriter& config) {
  qwen_experts(keys, config, false);
  write_windows(keys, config, 0);
  config.member("qkv_bias", has(keys, "blk.0.attn_q.bias"));
  const StoredTensor* const shared = keys.tensor("blk.0.ffn_up_shexp.weight");
  if (shared && shared->shape.size() == 2)
    config.member("shared_expert_intermediate_size", shared->shape[0]);
  else
    copy_integer(keys, "expert_shared_feed_forward_length", config, "shared_expert_intermediate_size");
  keys.find("expert_shared_feed_forward_length");
}

void qwen3moe_settings(const GgufKeys& keys, JsonWriter& config) {
  qwen_experts(keys, config, true);
  write_window(keys, config);
}

void qwen3vlmoe_settings(const GgufKeys& keys, JsonWriter& config) {
  sections(keys);
  qwen3moe_settings(keys, config);
}

void phi3_settings(const GgufKeys& keys, JsonWriter& config) {
  const auto layers = keys.integer("block_count");
  const bool of_4k = (layers == 32 || layers == 40) && keys.integer("context_length") == 4096;
  // The first files do not say it, and those models have this one.
  if (!keys.find("attention.sliding_window") && of_4k)
    config.member("sliding_window", 2047);
  else
    write_window(keys, config);
  copy_integer(keys, "rope.scaling.original_context_length", config, "original_max_position_embeddings");
}

void gemma_settings(const GgufKeys&, JsonWriter& config) {
  config.member("hidden_activation", "gelu_pytorch_tanh");
}

void gemma2_settings(const GgufKeys& keys, JsonWriter& config) {
  gemma_settings(keys, config);
  gemma_scale(keys, config, 46);
  soft_cap(keys, config, "attn_logit_softcapping");
  soft_cap(keys, config, "final_logit_softcapping");
  // Where the file does not say it, the window of the published models.
  if (keys.find("attention.sliding_window"))
    write_windows(keys, config, 2);
  else
    config.member("sliding_window", 4096);
}

void gemma3_settings(const GgufKeys& keys, JsonWriter& config) {
  gemma_settings(keys, config);
  gemma_scale(keys, config, 62);
  soft_cap(keys, config, "final_logit_softcapping");
  write_windows(keys, config, 6);
  config.member("rope_local_base_freq", keys.number("rope.freq_base_swa").value_or(10000.0f));
}

void olmo2_settings(const GgufKeys& keys, JsonWriter&) { window_of(keys); }

void olmo3_settings(const GgufKeys& keys, JsonWriter& config) {
  write_windows(keys, config, 4);
  const float theta = keys.number("rope.freq_base").value_or(10000.0f);
  config.key("rope_parameters").begin_object().key("sliding_attention").begin_object();
  config.member("rope_type", "default");
  config.member("rope_theta", keys.number("rope.freq_base_swa").value_or(theta)).end_object().end_object();
}

void granite_settings(const GgufKeys& keys, JsonWriter& config) {
  copy_number(keys, "attention.scale", config, "attention_multiplier");
  copy_number(keys, "embedding_scale", config, "embedding_multiplier");
  copy_number(keys, "residual_scale", config, "residual_multiplier");
  copy_number(keys, "logit_scale", config, "logits_scaling");
  // Here it does not tell how the model came to be: false stands for no rotation at all.
  if (const auto rotates = keys.find("rope.scaling.finetuned"); rotates && !rotates->as_bool())
    rotates->fail("true expected (Granite with RoPE), false found");
}

void smollm3_settings(const GgufKeys& keys, JsonWriter& config) {
  config.member("no_rope_layer_interval", 4);
  config.member("use_sliding_window", write_windows(keys, config, 0));
}

void stablelm_settings(const GgufKeys& keys, JsonWriter& config) {
  layer_norms(keys, config);
  const auto parallel = keys.find("use_parallel_residual");
  config.member("use_parallel_residual",
                parallel ? parallel->as_bool() : !has(keys, "blk.0.ffn_norm.weight"));
  config.member("use_qkv_bias", has(keys, "blk.0.attn_q.bias"));
  config.member("qk_layernorm", has(keys, "blk.0.attn_q_norm.weight"));
}

void starcoder2_settings(const GgufKeys& keys, JsonWriter& config) {
  copy_number(keys, "attention.layer_norm_epsilon", config, "norm_epsilon");
  config.member("hidden_act", "gelu_pytorch_tanh");
  config.member("use_bias", has(keys, "blk.0.attn_q.bias"));
  write_window(keys, config);
}

void cohere_settings(const GgufKeys& keys, JsonWriter& config) {
  layer_norms(keys, config);
  copy_number(keys, "logit_scale", config, "logit_scale");
  config.member("use_qk_norm", has(keys, "blk.0.attn_q_norm.weight"));
}

void cohere2_settings(const GgufKeys& keys, JsonWriter& config) {
  layer_norms(keys, config);
  copy_number(keys, "logit_scale", config, "logit_scale");
  // Its layers without a window have no rotation, so there is no such model without windows.
  if (window_of(keys) == 0) keys.at("attention.sliding_window").fail("a window expected, 0 found");
  write_windows(keys, config, 4);
}

}  // namespace kelvin::gguf
