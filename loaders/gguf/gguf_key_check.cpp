#include "loaders/gguf/gguf_key_check.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/gguf/gguf_layers.h"

namespace kelvin {
namespace {

// Sizes that the tensors say too, how a file was made, and epsilons of the kind of norm a model has not.
constexpr std::string_view harmless[] = {"vocab_size", "rope.scaling.finetuned",
                                         "attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon"};

// Of the parts of a multimodal model that are not run.
constexpr std::string_view other_parts[] = {"vision.", "audio.", "mm."};

struct Neutral {
  std::string_view key, values;  // as an error names them
  double value, also;            // a bool counts as 0 or 1
};

// What each changes, and the values with which it changes nothing.
constexpr Neutral neutral[] = {
    {"attention.causal", "true", 1, 1},
    {"attention.clamp_kqv", "0", 0, 0},
    {"attention.max_alibi_bias", "0", 0, 0},
    {"attention.output_scale", "0 or 1", 0, 1},
    {"attention.shared_kv_layers", "0", 0, 0},
    {"attention.sliding_window", "0", 0, 0},
    {"attention.temperature_length", "0", 0, 0},
    {"attention.temperature_scale", "0", 0, 0},
    {"attn_logit_softcapping", "0", 0, 0},
    {"embedding_scale", "0 or 1", 0, 1},
    {"expert_gating_func", "0 or 1 (softmax)", 0, 1},
    {"expert_group_count", "0 or 1", 0, 1},
    {"expert_group_used_count", "0 or 1", 0, 1},
    {"expert_shared_count", "0", 0, 0},
    {"expert_weights_scale", "0 or 1", 0, 1},
    {"final_logit_softcapping", "0", 0, 0},
    {"full_attention_interval", "0 or 1", 0, 1},
    {"interleave_moe_layer_step", "0 or 1", 0, 1},
    {"leading_dense_block_count", "0", 0, 0},
    {"logit_scale", "0 or 1", 0, 1},
    {"moe_every_n_layers", "0 or 1", 0, 1},
    {"n_deepstack_layers", "0", 0, 0},
    {"nextn_predict_layers", "0", 0, 0},
    {"pooling_type", "0 (none)", 0, 0},
    {"residual_scale", "0 or 1", 0, 1},
    {"rope.scaling.attn_factor", "0 or 1", 0, 1},
    {"rope.scaling.yarn_attn_factor", "0 or 1", 0, 1},
    {"rope.scaling.yarn_ext_factor", "1", 1, 1},
    {"rope.scaling.yarn_log_multiplier", "0", 0, 0},
    {"router_logit_softcapping", "0", 0, 0},
    {"swin_norm", "false", 0, 0},
    {"use_parallel_residual", "false", 0, 0},
};

// Sizes for layers with a window that must be those of the others.
struct Twin {
  std::string_view key, of;
};
constexpr Twin twins[] = {
    {"attention.key_length_swa", "attention.key_length"},
    {"attention.value_length_swa", "attention.value_length"},
    {"embedding_length_out", "embedding_length"},
    {"rope.dimension_count_swa", "rope.dimension_count"},
    {"rope.freq_base_swa", "rope.freq_base"},
};

// The only order of rows that files of these architectures are written in.
constexpr std::string_view layout = "Meta AI original pth";

bool all_are(const GgufValue& value, double a, double b) {
  const std::vector<double> numbers = value.plain_numbers();
  return !numbers.empty() &&
         std::all_of(numbers.begin(), numbers.end(), [=](double x) { return x == a || x == b; });
}

// Of queries times keys: any value is neutral that is what the model takes anyway.
bool is_usual_scale(const GgufValue& value, std::int64_t head_dim) {
  const double usual = 1 / std::sqrt(static_cast<double>(head_dim));
  const std::vector<double> numbers = value.plain_numbers();
  return !numbers.empty() && std::all_of(numbers.begin(), numbers.end(), [=](double x) {
    return x == 0 || std::abs(x - usual) <= 1e-6 * usual;
  });
}

void check(const GgufKeys& keys, const GgufValue& value, std::int64_t head_dim) {
  const std::string_view key = keys.short_name(value);
  const auto has = [&](std::string_view name) { return key == name; };
  const auto begins = [&](std::string_view part) { return key.starts_with(part); };
  if (std::any_of(std::begin(harmless), std::end(harmless), has) ||
      std::any_of(std::begin(other_parts), std::end(other_parts), begins))
    return;
  // What is said of windows or experts that a model has not.
  if (has("attention.sliding_window_pattern") && !gguf::has_window(keys)) return;
  if (begins("expert_") && !gguf::has_experts(keys)) return;

  const std::string_view model = keys.architecture();
  const auto refuse = [&](const std::string& expected) {
    value.fail(expected + " expected (another value changes what is computed, and " + printable(model) +
               " is not known to have one), " + value.shown() + " found");
  };
  for (const Neutral& row : neutral)
    if (has(row.key)) {
      if (!all_are(value, row.value, row.also)) refuse(std::string(row.values));
      return;
    }
  for (const Twin& row : twins)
    if (has(row.key)) {
      const auto other = keys.look(row.of);
      const std::vector<double> numbers = other ? other->plain_numbers() : std::vector<double>();
      if (numbers.empty() || !all_are(value, numbers.front(), numbers.front()))
        refuse("the value of " + std::string(row.of));
      return;
    }
  if (has("attention.scale")) {
    if (!is_usual_scale(value, head_dim)) refuse("1 / sqrt(" + std::to_string(head_dim) + ")");
    return;
  }
  if (has("tensor_data_layout")) {
    if (value.as_string() != layout) refuse(in_quotes(layout));
    return;
  }
  value.fail("no such key expected (it is not known what it changes for " + printable(model) + "), " +
             value.shown() + " found");
}

}  // namespace

void check_gguf_keys(const GgufKeys& keys, std::int64_t head_dim) {
  for (const GgufValue& value : keys.unread()) check(keys, value, head_dim);
}

}  // namespace kelvin
