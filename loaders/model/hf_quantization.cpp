#include "loaders/model/hf_quantization.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"

namespace kelvin {
namespace {

using Scales = QuantGroup::Scales;

std::optional<std::string> optional_text(JsonValue object, std::string_view key) {
  const auto value = optional_member(object, key);
  return value ? std::optional<std::string>(value->as_string()) : std::nullopt;
}

// The text of `key`, lower case, or `otherwise`; one of `known`.
std::string choice(JsonValue object, std::string_view key, std::string_view otherwise,
                   std::initializer_list<std::string_view> known) {
  std::string text = optional_text(object, key).value_or(std::string(otherwise));
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
  });
  if (std::find(known.begin(), known.end(), text) != known.end()) return text;
  std::string names;
  for (const std::string_view name : known) names.append(names.empty() ? "" : ", ").append(name);
  const std::string problem = (known.size() > 1 ? "one of " + names : names) + " expected, ";
  if (!object.find(key)) object.fail("key " + in_quotes(key) + ": " + problem + "none found");
  object.at(key).fail(problem + in_quotes(text) + " found");
}

// Columns of a group, 0 for -1 or null: the whole row.
std::uint64_t group_size_of(JsonValue object) {
  const auto size = optional_int(object, "group_size", {-1});
  if (size == 0) object.at("group_size").fail("-1 or at least 1 expected, 0 found");
  return size && *size > 0 ? static_cast<std::uint64_t>(*size) : 0;
}

// Null and empty objects and lists say nothing.
void refuse_filled(JsonValue object, std::string_view key, std::string_view expected) {
  const auto value = optional_member(object, key);
  if (!value || ((value->is_object() || value->is_array()) && value->size() == 0)) return;
  value->fail(std::string(expected) + " expected, more found");
}

void read_blocks(JsonValue sizes, QuantGroup& into) {
  if (!sizes.is_array() || sizes.items().size() != 2) sizes.fail("two sizes of a block expected");
  into.scales = Scales::block;
  into.block_rows = static_cast<std::uint64_t>(int_in(sizes.at(std::size_t{0}), positive_int));
  into.block_cols = static_cast<std::uint64_t>(int_in(sizes.at(1), positive_int));
}

QuantizationScheme fp8(JsonValue config) {
  QuantizationScheme scheme{QuantMethod::fp8, {QuantGroup{.floats = true}}};
  QuantGroup& group = scheme.groups.front();
  scheme.activations = true;
  choice(config, "fmt", "e4m3", {"e4m3", "float8_e4m3fn"});
  choice(config, "expert_dtype", "fp8", {"fp8"});
  choice(config, "activation_scheme", "dynamic", {"dynamic", "static"});
  const auto blocks = config.find("weight_block_size");
  if (!blocks)
    group.scales = Scales::block, group.block_rows = group.block_cols = 128;
  else if (!blocks->is_null())
    read_blocks(*blocks, group);
  return scheme;
}

QuantizationScheme fbgemm(JsonValue) {
  QuantizationScheme scheme{QuantMethod::fp8, {QuantGroup{.floats = true, .scales = Scales::channel}}};
  scheme.activations = true;
  return scheme;
}

QuantizationScheme gptq(JsonValue config) {
  QuantGroup group{.bits = required_int(config, "bits", {2, 8}),
                   .packed = true,
                   .symmetric = false,
                   .scales = Scales::group,
                   .group_size = group_size_of(config)};
  if (group.bits != 2 && group.bits != 3 && group.bits != 4 && group.bits != 8)
    config.at("bits").fail("2, 3, 4 or 8 expected, " + std::to_string(group.bits) + " found");
  const char* const key = config.find("checkpoint_format") ? "checkpoint_format" : "format";
  const std::string format = choice(config, key, "gptq", {"gptq", "gptq_v2"});
  if (optional_bool(config, "is_marlin_format").value_or(false))
    config.at("is_marlin_format").fail("false expected (GPTQ's own order of codes), true found");
  choice(config, "pack_dtype", "int32", {"int32"});
  refuse_filled(config, "dynamic", "the same settings for all modules");
  return {QuantMethod::gptq, {group}, format == "gptq"};
}

QuantizationScheme awq(JsonValue config) {
  const int bits = required_int(config, "bits", {1, 32});
  if (bits != 4) config.at("bits").fail("4 expected, " + std::to_string(bits) + " found");
  choice(config, "version", "gemm", {"gemm"});
  if (!optional_bool(config, "zero_point").value_or(true))
    config.at("zero_point").fail("true expected (codes with zero points), false found");
  return {QuantMethod::awq,
          {QuantGroup{.bits = bits,
                      .packed = true,
                      .symmetric = false,
                      .scales = Scales::group,
                      .group_size = group_size_of(config)}}};
}

// One of compressed-tensors' config_groups: what it says of weights.
QuantGroup weights_group(JsonValue group, JsonValue weights, const std::string& format) {
  QuantGroup result;
  if (const auto targets = optional_member(group, "targets"))
    for (const JsonValue target : targets->items()) result.targets.emplace_back(target.as_string());
  result.bits = optional_int(weights, "num_bits", {1, 64}).value_or(8);
  result.floats = choice(weights, "type", "int", {"int", "float"}) == "float";
  result.packed = format == "pack-quantized";
  result.symmetric = optional_bool(weights, "symmetric").value_or(true);
  if (result.floats ? result.bits != 8 || result.packed : result.bits < 2 || result.bits > 8)
    weights.fail((result.floats ? std::string("FP8") : std::string("integers of 2 to 8 bits")) +
                 " expected, " + std::to_string(result.bits) + " bits in the format " + in_quotes(format) +
                 " found");
  if (result.floats && !result.symmetric)
    weights.at("symmetric").fail("true expected beside floats, false found");
  if (const auto dynamic = optional_member(weights, "dynamic");
      dynamic && !(dynamic->is_bool() && !dynamic->as_bool()))
    dynamic->fail("false expected of weights, something else found");
  result.group_size = group_size_of(weights);
  const char* const otherwise = result.group_size > 0 ? "group"
                                : weights.find("group_size") && !weights.at("group_size").is_null()
                                    ? "channel"
                                    : "tensor";
  const std::string strategy =
      choice(weights, "strategy", otherwise, {"tensor", "channel", "group", "block"});
  result.scales = strategy == "tensor"    ? Scales::tensor
                  : strategy == "channel" ? Scales::channel
                                          : Scales::group;
  if (strategy == "group" && result.group_size == 0)
    weights.fail("a group_size expected beside groups, none found");
  if (result.scales != Scales::group) result.group_size = 0;
  if (strategy == "block") read_blocks(weights.at("block_structure"), result);
  return result;
}

std::optional<QuantizationScheme> compressed_tensors(JsonValue config) {
  choice(config, "quantization_status", "compressed", {"compressed"});
  refuse_filled(config, "transform_config", "weights that are not transformed");
  if (const auto sparsity = optional_member(config, "sparsity_config"); sparsity && sparsity->is_object())
    if (sparsity->size() > 0) choice(*sparsity, "format", "dense", {"dense"});
  const std::string format = choice(
      config, "format", "dense",
      {"dense", "pack-quantized", "int-quantized", "float-quantized", "naive-quantized", "mixed-precision"});
  QuantizationScheme scheme{QuantMethod::compressed_tensors, {}};
  scheme.activations = optional_member(config, "kv_cache_scheme").has_value();
  const auto groups = optional_member(config, "config_groups");
  if (format == "dense" || !groups) return scheme;
  for (const auto& [name, group] : groups->members()) {
    if (!group.is_object())
      group.fail("an object expected, " + std::string(json_type_name(group.type())) + " found");
    scheme.activations |=
        optional_member(group, "input_activations") || optional_member(group, "output_activations");
    const std::string own =
        format == "mixed-precision" || optional_member(group, "format")
            ? choice(group, "format", format,
                     {"pack-quantized", "int-quantized", "float-quantized", "naive-quantized"})
            : format;
    if (const auto weights = optional_member(group, "weights"))
      scheme.groups.push_back(weights_group(group, *weights, own));
  }
  return scheme;
}

// Where it stands, if it does.
std::optional<JsonValue> quantization_config(JsonValue config) {
  for (const char* key : {"quantization_config", "compression_config"})
    if (const auto own = optional_member(config, key)) return own;
  for (const char* part : {"text_config", "llm_config"})
    if (const auto text = optional_member(config, part); text && text->is_object())
      if (const auto own = optional_member(*text, "quantization_config")) return own;
  return std::nullopt;
}

}  // namespace

std::optional<QuantizationScheme> quantization_scheme(JsonValue root) {
  const auto config = quantization_config(root);
  if (!config) return std::nullopt;
  if (!config->is_object())
    config->fail("an object expected, " + std::string(json_type_name(config->type())) + " found");
  const std::string method = choice(*config, "quant_method", "none named",
                                    {"awq", "compressed-tensors", "fbgemm_fp8", "fp8", "gptq", "mxfp4"});
  if (method == "awq") return awq(*config);
  if (method == "gptq") return gptq(*config);
  if (method == "fp8") return fp8(*config);
  if (method == "fbgemm_fp8") return fbgemm(*config);
  if (method == "mxfp4")
    return QuantizationScheme{QuantMethod::mxfp4, {QuantGroup{.scales = Scales::group, .group_size = 32}}};
  return compressed_tensors(*config);
}

}  // namespace kelvin
