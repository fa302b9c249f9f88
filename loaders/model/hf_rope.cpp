#include "loaders/model/hf_rope.h"

#include <string>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"

namespace kelvin {
namespace {

JsonValue as_object(JsonValue value) {
  if (!value.is_object())
    value.fail("an object expected, " + std::string(json_type_name(value.type())) + " found");
  return value;
}

// The object that holds the kind and its parameters, if any.
std::optional<JsonValue> parameters_of(JsonValue config, const RopeDefaults& defaults) {
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const bool old_spelling = key == std::string_view("rope_scaling");
    if (old_spelling && !defaults.scaled) continue;
    const auto parameters = optional_member(config, key);
    if (!parameters || as_object(*parameters).size() == 0) continue;
    if (!defaults.layer_type.empty() && !old_spelling) {
      if (const auto own = optional_member(*parameters, defaults.layer_type)) return as_object(*own);
      return std::nullopt;
    }
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

int rotated_dims(JsonValue config, std::optional<JsonValue> parameters, int width,
                 const RopeDefaults& defaults) {
  double part = defaults.rotated_part.value_or(1.0);
  for (const auto& object : {std::optional(config), parameters}) {
    if (!object) continue;
    const auto said = optional_real(*object, "partial_rotary_factor", positive_real);
    if (!said) continue;
    const JsonValue value = object->at("partial_rotary_factor");
    if (!defaults.rotated_part && *said != 1)
      value.fail("1 expected (this architecture rotates whole heads), another number found");
    part = *said;
    const double dims = width * part;
    if (dims < 1 || dims > width) value.fail("a part of a head expected, more than all or nothing found");
  }
  return static_cast<int>(width * part);
}

// One factor per pair of rotated dimensions.
std::vector<double> factors_of(JsonValue parameters, std::string_view key, int dims) {
  const JsonValue factors = parameters.at(key);
  const std::size_t pairs = (static_cast<std::size_t>(dims) + 1) / 2;
  if (factors.items().size() != pairs)
    factors.fail(std::to_string(pairs) + " numbers expected (half of the rotated dimensions of a head), " +
                 std::to_string(factors.size()) + " found");
  std::vector<double> result;
  for (const JsonValue factor : factors.items()) result.push_back(real_in(factor, positive_real));
  return result;
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

void read_longrope(JsonValue parameters, int max_position, RopeSpec& rope) {
  rope.short_factors = factors_of(parameters, "short_factor", rope.dims);
  rope.long_factors = factors_of(parameters, "long_factor", rope.dims);
  rope.attention_factor = optional_real(parameters, "attention_factor", positive_real);
  if (rope.original_max_position < 2)
    parameters.fail("original_max_position_embeddings of at least 2 expected for longrope, 1 found");
  rope.factor = optional_real(parameters, "factor", positive_real)
                    .value_or(static_cast<double>(max_position) / rope.original_max_position);
}

void read_kind(JsonValue parameters, std::string_view kind, int max_position, RopeSpec& rope) {
  if (kind == "longrope" || kind == "su") {
    rope.kind = RopeKind::longrope;
    return read_longrope(parameters, max_position, rope);
  }
  if (kind == "linear") {
    rope.kind = RopeKind::linear;
  } else if (kind == "dynamic") {
    rope.kind = RopeKind::dynamic;
    rope.original_max_position = max_position;
    if (rope.dims < 4) parameters.fail("head_dim of at least 4 expected for dynamic RoPE, 2 found");
  } else if (kind == "llama3") {
    rope.kind = RopeKind::llama3;
    rope.low_freq_factor = required_real(parameters, "low_freq_factor", positive_real);
    rope.high_freq_factor = required_real(parameters, "high_freq_factor", {rope.low_freq_factor});
  } else if (kind == "yarn") {
    rope.kind = RopeKind::yarn;
    if (rope.theta <= 1) parameters.fail("rope_theta above 1 expected for yarn, a smaller one found");
    read_yarn(parameters, rope);
  } else {
    parameters.fail("RoPE of kind default, linear, dynamic, llama3, yarn or longrope expected, " +
                    in_quotes(kind) + " found");
  }
  const auto factor = parameters.find("factor");
  if (rope.kind == RopeKind::yarn && factor && factor->is_null())
    rope.factor = static_cast<double>(max_position) / rope.original_max_position;
  else
    rope.factor = required_real(parameters, "factor", positive_real);
}

}  // namespace

RopeSpec rope_spec(JsonValue config, int width, int max_position, const RopeDefaults& defaults) {
  RopeSpec rope;
  const auto parameters = parameters_of(config, defaults);
  rope.theta = defaults.theta;
  const auto theta = parameters ? optional_member(*parameters, "rope_theta") : std::nullopt;
  if (theta)
    rope.theta = real_in(*theta, positive_real);
  else if (!defaults.theta_key.empty())
    rope.theta = optional_real(config, defaults.theta_key, positive_real).value_or(defaults.theta);
  rope.dims = rotated_dims(config, parameters, width, defaults);
  if (!parameters) return rope;

  std::string_view kind = kind_of(*parameters);
  if (kind == "default" || (kind == "mrope" && defaults.mrope)) return rope;
  if (kind == "yarn" && defaults.yarn_is_longrope) kind = "longrope";

  const IntRange length{1};
  const auto outer_original = optional_int(config, "original_max_position_embeddings", length);
  const auto original = optional_int(*parameters, "original_max_position_embeddings", length);
  rope.original_max_position =
      outer_original.value_or(original.value_or(defaults.original_max_position.value_or(max_position)));
  read_kind(*parameters, kind, max_position, rope);
  return rope;
}

}  // namespace kelvin
