#include "loaders/hf_rope.h"

#include <string>

#include "loaders/json_fields.h"
#include "loaders/load_error.h"

namespace kelvin {
namespace {

// The object that holds the kind and its parameters, if any.
std::optional<JsonValue> parameters_of(JsonValue config) {
  for (const char* key : {"rope_scaling", "rope_parameters"})
    if (const auto parameters = optional_member(config, key)) {
      if (!parameters->is_object())
        parameters->fail("an object expected, " + std::string(json_type_name(parameters->type())) + " found");
      if (parameters->size() == 0) continue;
      for (const auto& [name, value] : parameters->members())
        if (value.is_object())
          value.fail("one set of RoPE parameters for all layers expected, one per kind of layer found");
      return parameters;
    }
  return std::nullopt;
}

std::string_view kind_of(JsonValue parameters) {
  for (const char* key : {"rope_type", "type"})
    if (const auto kind = optional_member(parameters, key)) return kind->as_string();
  // transformers would take the default here and ignore the factor.
  if (parameters.find("factor")) parameters.fail("key \"rope_type\" expected beside \"factor\", none found");
  return "default";
}

// One factor per pair of rotated dimensions.
void check_factors(JsonValue parameters, std::string_view key, int head_dim) {
  const JsonValue factors = parameters.at(key);
  if (factors.items().size() != static_cast<std::size_t>(head_dim / 2))
    factors.fail(std::to_string(head_dim / 2) + " numbers expected (half of head_dim), " +
                 std::to_string(factors.size()) + " found");
  for (const JsonValue factor : factors.items()) real_in(factor, positive_real);
}

void read_yarn(JsonValue parameters, RopeSpec& rope) {
  // Zero stands for "not said" in these, as in transformers.
  const auto said = [&](const char* key) {
    const auto value = optional_real(parameters, key, {0.0});
    return value && *value != 0 ? value : std::nullopt;
  };
  rope.beta_fast = said("beta_fast").value_or(32.0);
  rope.beta_slow = said("beta_slow").value_or(1.0);
  if (rope.beta_fast < rope.beta_slow)
    parameters.fail("beta_fast of at least beta_slow expected, a smaller one found");
  rope.truncate = optional_bool(parameters, "truncate").value_or(true);
  rope.attention_factor = optional_real(parameters, "attention_factor", positive_real);
  rope.mscale = said("mscale");
  rope.mscale_all_dim = said("mscale_all_dim");
}

}  // namespace

RopeSpec rope_spec(JsonValue config, int head_dim, int max_position) {
  RopeSpec rope;
  const auto parameters = parameters_of(config);
  const auto theta = parameters ? optional_member(*parameters, "rope_theta") : std::nullopt;
  if (theta)
    rope.theta = real_in(*theta, positive_real);
  else
    rope.theta = optional_real(config, "rope_theta", positive_real).value_or(10000.0);
  for (const auto& object : {std::optional(config), parameters}) {
    if (!object) continue;
    const auto partial = optional_real(*object, "partial_rotary_factor", positive_real);
    if (partial && *partial != 1)
      object->at("partial_rotary_factor")
          .fail("1 expected (this architecture rotates whole heads), another number found");
  }
  if (!parameters) return rope;

  const std::string_view kind = kind_of(*parameters);
  if (kind == "default") return rope;

  const IntRange length{1};
  const auto outer_original = optional_int(config, "original_max_position_embeddings", length);
  const auto original = optional_int(*parameters, "original_max_position_embeddings", length);
  rope.original_max_position = outer_original.value_or(original.value_or(max_position));

  if (kind == "longrope" || kind == "su") {
    check_factors(*parameters, "short_factor", head_dim);
    check_factors(*parameters, "long_factor", head_dim);
    parameters->fail("RoPE of kind default, linear, dynamic, llama3 or yarn expected, " + in_quotes(kind) +
                     " found");
  }
  if (kind == "linear") {
    rope.kind = RopeKind::linear;
  } else if (kind == "dynamic") {
    rope.kind = RopeKind::dynamic;
    rope.original_max_position = max_position;
    if (head_dim < 4) parameters->fail("head_dim of at least 4 expected for dynamic RoPE, 2 found");
  } else if (kind == "llama3") {
    rope.kind = RopeKind::llama3;
    rope.low_freq_factor = required_real(*parameters, "low_freq_factor", positive_real);
    rope.high_freq_factor = required_real(*parameters, "high_freq_factor", {rope.low_freq_factor});
  } else if (kind == "yarn") {
    rope.kind = RopeKind::yarn;
    if (rope.theta <= 1) parameters->fail("rope_theta above 1 expected for yarn, a smaller one found");
    read_yarn(*parameters, rope);
  } else {
    parameters->fail("RoPE of kind default, linear, dynamic, llama3 or yarn expected, " + in_quotes(kind) +
                     " found");
  }
  const auto factor = parameters->find("factor");
  if (rope.kind == RopeKind::yarn && factor && factor->is_null())
    rope.factor = static_cast<double>(max_position) / rope.original_max_position;
  else
    rope.factor = required_real(*parameters, "factor", positive_real);
  return rope;
}

}  // namespace kelvin
