#include "loaders/hf_config.h"

#include <limits>
#include <string>

#include "loaders/hf_rope.h"
#include "loaders/json_fields.h"
#include "loaders/load_error.h"

namespace kelvin {
namespace {

// One row per architecture: what it is called, and how its keys differ from the plain decoder's.
struct Family {
  std::string_view architecture;  // in `architectures`
  std::string_view model_type;    // stands in where `architectures` is absent
  void (*read)(JsonValue config, ModelConfig& into);
};

void read_llama(JsonValue config, ModelConfig& into) {
  into.attention_bias = optional_bool(config, "attention_bias").value_or(false);
  into.mlp_bias = optional_bool(config, "mlp_bias").value_or(false);
}

constexpr Family families[] = {
    {"LlamaForCausalLM", "llama", read_llama},
};

std::string known_architectures() {
  std::string names;
  for (const Family& family : families) names.append(names.empty() ? "" : ", ").append(family.architecture);
  return names;
}

const Family& family_of(JsonValue config) {
  const auto architectures = optional_member(config, "architectures");
  const auto type = optional_member(config, "model_type");
  if (architectures && architectures->items().size() > 0) {
    const JsonValue architecture = *architectures->items().begin();
    for (const Family& family : families)
      if (family.architecture == architecture.as_string()) return family;
    std::string problem =
        "one of " + known_architectures() + " expected, " + in_quotes(architecture.as_string()) + " found";
    if (optional_member(config, "auto_map"))
      problem += " (auto_map: it needs Python code of its own, which is never run)";
    architecture.fail(problem);
  }
  if (!type) config.fail("key \"architectures\" or \"model_type\" expected, none found");
  for (const Family& family : families)
    if (family.model_type == type->as_string()) return family;
  type->fail("the type of one of " + known_architectures() + " expected, " + in_quotes(type->as_string()) +
             " found");
}

// What changes the meaning of the weights and is not understood must not be passed over.
void refuse_foreign(JsonValue config) {
  if (const auto quantization = optional_member(config, "quantization_config")) {
    const auto method =
        quantization->is_object() ? optional_member(*quantization, "quant_method") : std::nullopt;
    quantization->fail(
        "weights in F32, F16 or BF16 expected, quantised ones found" +
        (method && method->is_string() ? " (" + printable(method->as_string()) + ")" : std::string()));
  }
  if (optional_bool(config, "is_encoder_decoder").value_or(false))
    config.at("is_encoder_decoder").fail("a decoder expected, an encoder-decoder found");
}

Activation activation_of(JsonValue config) {
  const auto name = optional_member(config, "hidden_act");
  if (!name) return Activation::silu;
  const std::string_view text = name->as_string();
  if (text == "silu" || text == "swish") return Activation::silu;
  if (text == "gelu" || text == "gelu_python") return Activation::gelu_erf;
  for (const std::string_view tanh_form :
       {"gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate"})
    if (text == tanh_form) return Activation::gelu_tanh;
  name->fail("one of silu, swish, gelu, gelu_new, gelu_pytorch_tanh expected, " + in_quotes(text) + " found");
}

void read_heads(JsonValue config, ModelConfig& into) {
  into.n_heads = required_int(config, "num_attention_heads", positive_int);
  into.n_kv_heads = optional_int(config, "num_key_value_heads", positive_int).value_or(into.n_heads);
  if (into.n_heads % into.n_kv_heads != 0)
    config.at("num_key_value_heads")
        .fail("a divisor of num_attention_heads (" + std::to_string(into.n_heads) + ") expected, " +
              std::to_string(into.n_kv_heads) + " found");
  const auto head_dim = optional_int(config, "head_dim", positive_int);
  if (!head_dim && into.hidden_size % into.n_heads != 0)
    config.at("num_attention_heads")
        .fail("a divisor of hidden_size (" + std::to_string(into.hidden_size) +
              ") expected where head_dim is absent, " + std::to_string(into.n_heads) + " found");
  into.head_dim = head_dim.value_or(into.hidden_size / into.n_heads);
  if (into.head_dim % 2 != 0) {
    const std::string problem =
        "an even number expected (RoPE rotates pairs), " + std::to_string(into.head_dim) + " found";
    if (head_dim) config.at("head_dim").fail(problem);
    config.at("num_attention_heads").fail("hidden_size / num_attention_heads: " + problem);
  }
  if (static_cast<std::int64_t>(into.n_heads) * into.head_dim > std::numeric_limits<int>::max())
    config.at("num_attention_heads").fail("num_attention_heads x head_dim below 2^31 expected, more found");
}

}  // namespace

ModelConfig model_config(const JsonDocument& document) {
  const JsonValue config = document.root();
  if (!config.is_object())
    config.fail("an object expected, " + std::string(json_type_name(config.type())) + " found");
  const Family& family = family_of(config);
  refuse_foreign(config);
  ModelConfig result;
  result.architecture = family.architecture;
  result.vocab_size = required_int(config, "vocab_size", positive_int);
  result.hidden_size = required_int(config, "hidden_size", positive_int);
  result.n_layers = required_int(config, "num_hidden_layers", positive_int);
  result.intermediate_size = required_int(config, "intermediate_size", positive_int);
  read_heads(config, result);
  result.max_position = optional_int(config, "max_position_embeddings", positive_int).value_or(2048);
  result.rms_norm_eps = static_cast<float>(
      optional_real(config, "rms_norm_eps", {0.0, std::numeric_limits<float>::max()}).value_or(1e-6));
  result.activation = activation_of(config);
  result.tied_embeddings = optional_bool(config, "tie_word_embeddings").value_or(false);
  family.read(config, result);
  result.rope = rope_spec(config, result.head_dim, result.max_position);
  return result;
}

}  // namespace kelvin
