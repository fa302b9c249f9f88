#include "loaders/model/hf_config.h"

#include <limits>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"
#include "loaders/model/hf_family.h"
#include "loaders/model/hf_quantization.h"
#include "loaders/model/hf_wrapper.h"

namespace kelvin {
namespace {

std::string known(std::string_view Family::*name) {
  std::string names;
  for (const Family& family : families()) names.append(names.empty() ? "" : ", ").append(family.*name);
  return names;
}

const Family* family_of_type(JsonValue type) {
  for (const Family& family : families())
    if (family.model_type == type.as_string()) return &family;
  return nullptr;
}

const Family& family_by_type(JsonValue config) {
  const auto type = optional_member(config, "model_type");
  if (!type) config.fail("key \"architectures\" or \"model_type\" expected, none found");
  if (const Family* family = family_of_type(*type)) return *family;
  type->fail("one of " + known(&Family::model_type) + " expected, " + in_quotes(type->as_string()) +
             " found");
}

struct Found {
  const Family& family;
  JsonValue config;               // of the decoder
  std::optional<bool> tied = {};  // said outside of it
};

Found family_of(JsonValue config) {
  const auto architectures = optional_member(config, "architectures");
  if (!architectures || architectures->items().size() == 0) return {family_by_type(config), config};
  const JsonValue architecture = *architectures->items().begin();
  if (const Family* family = family_named(architecture.as_string())) return {*family, config};
  if (const auto text = text_part(config, architecture.as_string()))
    return {text->family, text->config, text->tied};
  std::string problem = "one of " + known(&Family::architecture) + " expected, " +
                        in_quotes(architecture.as_string()) + " found";
  if (optional_member(config, "auto_map"))
    problem += " (auto_map: it needs Python code of its own, which is never run)";
  architecture.fail(problem);
}

// Real models have a hundred; more are refused before anything is made for each.
constexpr int max_layers = 1 << 16;

// What changes the meaning of the weights and is not understood must not be passed over.
void refuse_foreign(JsonValue config) {
  quantization_scheme(config);  // throws where it is none that is read
  if (optional_bool(config, "is_encoder_decoder").value_or(false))
    config.at("is_encoder_decoder").fail("a decoder expected, an encoder-decoder found");
}

Activation activation_of(JsonValue config, const Family& family) {
  const auto name = optional_member(config, family.defaults.activation_key);
  const std::string_view text = name ? name->as_string() : family.defaults.activation;
  if (text == "silu" || text == "swish") return Activation::silu;
  if (text == "gelu" || text == "gelu_python") return Activation::gelu_erf;
  for (const std::string_view tanh_form :
       {"gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate"})
    if (text == tanh_form) return Activation::gelu_tanh;
  name->fail("one of silu, swish, gelu, gelu_new, gelu_pytorch_tanh expected, " + in_quotes(text) + " found");
}

// `standard` where it is above 0 and the config does not say the size.
int size_of(JsonValue config, std::string_view key, int default_value, IntRange range = positive_int) {
  return default_value > 0 ? optional_int(config, key, range).value_or(default_value)
                           : required_int(config, key, range);
}

void read_heads(JsonValue config, const Family& family, ModelConfig& into) {
  into.n_heads = size_of(config, "num_attention_heads", family.defaults.n_heads);
  into.n_kv_heads = optional_int(config, "num_key_value_heads", positive_int)
                        .value_or(family.defaults.n_kv_heads > 0 ? family.defaults.n_kv_heads : into.n_heads);
  if (into.n_heads % into.n_kv_heads != 0)
    config.at("num_key_value_heads")
        .fail("a divisor of num_attention_heads (" + std::to_string(into.n_heads) + ") expected, " +
              std::to_string(into.n_kv_heads) + " found");
  auto head_dim = optional_int(config, "head_dim", positive_int);
  if (!head_dim && family.defaults.head_dim > 0) head_dim = family.defaults.head_dim;
  if (!head_dim && into.hidden_size % into.n_heads != 0)
    config.at("num_attention_heads")
        .fail("a divisor of hidden_size (" + std::to_string(into.hidden_size) +
              ") expected where head_dim is absent, " + std::to_string(into.n_heads) + " found");
  into.head_dim = head_dim.value_or(into.hidden_size / into.n_heads);
  if (into.head_dim % 2 != 0) {
    const std::string problem =
        "an even number expected (RoPE rotates pairs), " + std::to_string(into.head_dim) + " found";
    if (config.find("head_dim")) config.at("head_dim").fail(problem);
    config.at("num_attention_heads").fail("hidden_size / num_attention_heads: " + problem);
  }
  if (static_cast<std::int64_t>(into.n_heads) * into.head_dim > std::numeric_limits<int>::max())
    config.at("num_attention_heads").fail("num_attention_heads x head_dim below 2^31 expected, more found");
}

}  // namespace

ModelConfig model_config(const JsonDocument& document) {
  const JsonValue root = document.root();
  if (!root.is_object())
    root.fail("an object expected, " + std::string(json_type_name(root.type())) + " found");
  const auto [family, config, tied] = family_of(root);
  refuse_foreign(root);
  ModelConfig result;
  result.architecture = family.architecture;
  result.vocab_size = size_of(config, "vocab_size", family.defaults.vocab_size);
  result.hidden_size = required_int(config, "hidden_size", positive_int);
  result.n_layers = required_int(config, "num_hidden_layers", {1, max_layers});
  result.layers.resize(static_cast<std::size_t>(result.n_layers));
  result.intermediate_size = required_int(config, "intermediate_size", positive_int);
  read_heads(config, family, result);
  result.value_dim = result.head_dim;
  result.max_position =
      optional_int(config, "max_position_embeddings", positive_int).value_or(family.defaults.max_position);
  result.norm_epsilon = static_cast<float>(
      optional_real(config, family.defaults.epsilon_key, {0.0, std::numeric_limits<float>::max()})
          .value_or(family.defaults.epsilon));
  result.activation = activation_of(config, family);
  result.tied_embeddings =
      tied ? *tied : optional_bool(config, "tie_word_embeddings").value_or(family.defaults.tied);
  family.read(config, result);
  return result;
}

}  // namespace kelvin
