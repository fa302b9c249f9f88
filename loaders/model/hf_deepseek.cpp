#include "loaders/model/hf_deepseek.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/platform/portable_math.h"
#include "loaders/json/json_fields.h"
#include "loaders/model/hf_layers.h"
#include "loaders/model/hf_rope.h"

namespace kelvin {
namespace {

void expect_word(JsonValue config, std::string_view key, std::string_view word) {
  const auto said = optional_member(config, key);
  if (said && said->as_string() != word)
    said->fail(std::string(word) + " expected, " + std::string(said->as_string()) + " found");
}

// What holds where a config says nothing about its experts, as in transformers.
struct ExpertDefaults {
  double scale = 1.0;
  int dense_layers = 0;  // before those with experts
  int shared = 2;
  int groups = 1;
  std::optional<int> groups_kept;  // all where absent
};

void read_latent(JsonValue config, ModelConfig& into) {
  LatentSpec& latent = into.latent;
  const IntRange width{1, 1 << 20};
  // null stands for plain queries.
  latent.query_rank =
      config.find("q_lora_rank") ? optional_int(config, "q_lora_rank", width).value_or(0) : 1536;
  latent.key_value_rank = required_int(config, "kv_lora_rank", width);
  latent.unrotated_dims = required_int(config, "qk_nope_head_dim", width);
  const int rotated = required_int(config, "qk_rope_head_dim", width);
  if (rotated % 2 != 0) config.at("qk_rope_head_dim").fail("an even number expected, an odd one found");
  into.head_dim = latent.unrotated_dims + rotated;
  into.n_kv_heads = into.n_heads;
  if (into.n_heads > (1 << 30) / into.head_dim)
    config.at("num_attention_heads").fail("num_attention_heads x head_dim below 2^30 expected, more found");
  into.value_dim = required_int(config, "v_head_dim", {1, into.head_dim});
  into.qkv_bias = into.o_bias = optional_bool(config, "attention_bias").value_or(false);

  RopeSpec rope = rope_spec(config, rotated, into.max_position);
  rope.from_end = true;
  rope.interleaved = optional_bool(config, "rope_interleave").value_or(true);
  double scale = 1.0 / std::sqrt(static_cast<double>(into.head_dim));
  if (rope.mscale_all_dim && rope.factor > 1.0) {
    const double more = 0.1 * *rope.mscale_all_dim * portable::log(rope.factor) + 1.0;
    scale *= more * more;
  }
  into.attention_scale = static_cast<float>(scale);
  into.ropes = {std::move(rope)};
}

void read_deepseek_experts(JsonValue config, ModelConfig& into, const ExpertDefaults& defaults) {
  read_experts(config, "n_routed_experts", "moe_intermediate_size", into);
  ExpertSpec& experts = into.experts;
  // null stands for none.
  const int shared = config.find("n_shared_experts")
                         ? optional_int(config, "n_shared_experts", {1, 1024}).value_or(0)
                         : defaults.shared;
  if (experts.intermediate_size > (1 << 30) / std::max(shared, 1))
    config.at("n_shared_experts").fail("n_shared_experts x moe_intermediate_size below 2^30 expected");
  experts.shared_intermediate_size = shared * experts.intermediate_size;
  experts.scale = static_cast<float>(
      optional_real(config, "routed_scaling_factor", positive_real).value_or(defaults.scale));
  if (optional_int(config, "moe_layer_freq", positive_int).value_or(1) != 1)
    config.at("moe_layer_freq").fail("1 expected, another number found");
  const int dense = optional_int(config, "first_k_dense_replace", {0}).value_or(defaults.dense_layers);
  for (int i = 0; i < into.n_layers; ++i) into.layers[i].experts = i >= dense;
}

void read_expert_groups(JsonValue config, ModelConfig& into, const ExpertDefaults& defaults) {
  ExpertSpec& experts = into.experts;
  experts.groups = optional_int(config, "n_group", positive_int).value_or(defaults.groups);
  if (experts.count % experts.groups != 0)
    config.at("n_group").fail("a divisor of n_routed_experts expected, another number found");
  experts.groups_kept =
      optional_int(config, "topk_group", {1, experts.groups})
          .value_or(std::min(defaults.groups_kept.value_or(experts.groups), experts.groups));
  if (experts.per_token > experts.count / experts.groups * experts.groups_kept)
    config.at("topk_group").fail("groups with at least num_experts_per_tok experts expected, fewer found");
}

}  // namespace

void read_deepseek2(JsonValue config, ModelConfig& into) {
  into.mlp_bias = optional_bool(config, "mlp_bias").value_or(false);
  read_latent(config, into);
  read_deepseek_experts(config, into, {});
  expect_word(config, "scoring_func", "softmax");
  const auto method = optional_member(config, "topk_method");
  if (method && method->as_string() == "group_limited_greedy")
    read_expert_groups(config, into, {});
  else
    expect_word(config, "topk_method", "greedy");
  if (optional_bool(config, "norm_topk_prob").value_or(false))
    config.at("norm_topk_prob")
        .fail("false expected (implementations differ in what true means), true found");
}

void read_deepseek3(JsonValue config, ModelConfig& into) {
  const ExpertDefaults defaults{.scale = 2.5, .dense_layers = 3, .shared = 1, .groups = 8, .groups_kept = 4};
  read_latent(config, into);
  read_deepseek_experts(config, into, defaults);
  expect_word(config, "scoring_func", "sigmoid");
  expect_word(config, "topk_method", "noaux_tc");
  into.experts.scoring = Scoring::sigmoid;
  into.experts.corrected = true;
  into.experts.normalise = optional_bool(config, "norm_topk_prob").value_or(true);
  read_expert_groups(config, into, defaults);
}

}  // namespace kelvin
