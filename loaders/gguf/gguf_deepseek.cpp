#include "loaders/gguf/gguf_deepseek.h"

#include <algorithm>

#include "loaders/gguf/gguf_layers.h"
#include "loaders/gguf/gguf_settings.h"

namespace kelvin::gguf {
namespace {

constexpr std::int64_t max_size = 1 << 20;
// As the format numbers them; softmax is 1.
constexpr std::int64_t unsaid_gating = 0, sigmoid_gating = 2;

bool has_any(const GgufKeys& keys, std::string_view ending) {
  for (const std::string_view name : keys.tensor_names())
    if (name.starts_with("blk.0.") && name.ends_with(ending)) return true;
  return false;
}

void deepseek_experts(const GgufKeys& keys, JsonWriter& config) {
  keys.find("expert_gating_func");
  write_experts(keys, config, "n_routed_experts");
  config.member("moe_intermediate_size", keys.at("expert_feed_forward_length").int_in(1, max_size));
  if (const std::int64_t shared = keys.integer("expert_shared_count", 0).value_or(0))
    config.member("n_shared_experts", shared);
  else
    config.member("n_shared_experts", nullptr);
  config.member("first_k_dense_replace", keys.integer("leading_dense_block_count", 0).value_or(0));
  const float scale = keys.number("expert_weights_scale").value_or(0.0f);
  config.member("routed_scaling_factor", scale == 0 ? 1.0f : scale);  // zero stands for none
  const auto normalised = keys.find("expert_weights_norm");
  config.member("norm_topk_prob", normalised && normalised->as_bool());
}

// How many there are, 1 where the file has none.
std::int64_t expert_groups(const GgufKeys& keys, JsonWriter& config) {
  const std::int64_t groups = keys.integer("expert_group_count", 0).value_or(0);
  const std::int64_t kept = keys.integer("expert_group_used_count", 0).value_or(0);
  config.member("n_group", groups > 0 ? groups : 1);
  config.member("topk_group", groups > 0 ? kept : 1);
  return groups > 0 ? groups : 1;
}

}  // namespace

bool sigmoid_experts(const GgufKeys& keys) {
  const auto said = keys.look("expert_gating_func");
  const std::int64_t function = said ? said->as_int() : unsaid_gating;
  if (function < unsaid_gating || function > sigmoid_gating)
    said->fail("0, 1 (softmax) or 2 (sigmoid) expected, " + said->shown() + " found");
  if (function != unsaid_gating) return function == sigmoid_gating;
  // Where nothing is said, scores that are corrected before the choice are sigmoids.
  const auto names = keys.tensor_names();
  return std::any_of(names.begin(), names.end(),
                     [](std::string_view name) { return name.ends_with(".exp_probs_b.bias"); });
}

LatentWidths write_latent_sizes(const GgufKeys& keys, JsonWriter& config) {
  if (const auto rank = keys.integer("attention.q_lora_rank", 0); rank && *rank > 0)
    config.member("q_lora_rank", *rank);
  else
    config.member("q_lora_rank", nullptr);
  config.member("kv_lora_rank", keys.at("attention.kv_lora_rank").int_in(1, max_size));
  // Later files say in key_length what the cache of the latent vectors holds, and widths of heads here.
  const bool split = keys.find("attention.key_length_mla").has_value();
  keys.find("attention.key_length");
  keys.find("attention.value_length");
  const GgufValue key_length = keys.at(split ? "attention.key_length_mla" : "attention.key_length");
  const std::int64_t key_dim = key_length.int_in(2, max_size);
  const std::int64_t rotated = keys.at("rope.dimension_count").int_in(2, max_size);
  if (rotated >= key_dim)
    key_length.fail("more than rope.dimension_count (" + std::to_string(rotated) + ") expected, " +
                    std::to_string(key_dim) + " found");
  config.member("qk_rope_head_dim", rotated).member("qk_nope_head_dim", key_dim - rotated);
  config.member("v_head_dim",
                keys.at(split ? "attention.value_length_mla" : "attention.value_length").int_in(1, max_size));
  config.member("attention_bias", has_any(keys, "attn_q_a.bias") || has_any(keys, "attn_kv_a_mqa.bias") ||
                                      has_any(keys, "attn_output.bias"));
  return {key_dim, rotated};
}

void deepseek2_settings(const GgufKeys& keys, JsonWriter& config) {
  deepseek_experts(keys, config);
  config.member("topk_method", expert_groups(keys, config) > 1 ? "group_limited_greedy" : "greedy");
  config.member("mlp_bias", has_any(keys, "ffn_up.bias") || has_any(keys, "ffn_up_shexp.bias"));
}

void deepseek3_settings(const GgufKeys& keys, JsonWriter& config) {
  deepseek_experts(keys, config);
  expert_groups(keys, config);
}

}  // namespace kelvin::gguf
