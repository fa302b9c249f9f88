#include "loaders/gguf/gguf_rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/tensors/convert.h"

namespace kelvin {
namespace {

// What the frequencies are divided by, (rotated / 2,); absent if the file has no tensor of this name.
std::optional<std::vector<float>> divisors(const GgufKeys& keys, std::string_view name) {
  const StoredTensor* const tensor = keys.tensor(name);
  if (!tensor) return std::nullopt;
  const auto fail = [&](const std::string& problem) {
    throw LoadError(keys.file().name(), "tensor " + in_quotes(name) + ": " + problem);
  };
  if (tensor->dtype != Dtype::f32 || tensor->shape.size() != 1)
    fail("one row of F32 expected, " + shape_text(tensor->shape) + " x " +
         std::string(dtype_name(tensor->dtype)) + " found");
  std::vector<float> factors(tensor->elements());
  convert(Dtype::f32, tensor->data.data(), factors.size(), Storage::f32, factors.data());
  for (const float factor : factors)
    if (!(factor > 0) || std::isinf(factor)) fail("numbers above 0 expected, another found");
  return factors;
}

// Llama 3.1 and later, all sizes: the only numbers published with this rule.
struct Llama3 {
  static constexpr double low = 1, high = 4, trained = 8192;
  double factor;
};

// The rule by which the divisors were made, where they are those of Llama 3: then frequencies are the same to
// the last bit as out of its config.json.
std::optional<Llama3> llama3_rule(const std::vector<float>& factors, double theta) {
  if (factors.empty()) return std::nullopt;
  const Llama3 rule{*std::max_element(factors.begin(), factors.end())};
  if (!(rule.factor > 1)) return std::nullopt;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const double exponent = static_cast<double>(i) / static_cast<double>(factors.size());
    const double wavelength = 2 * std::numbers::pi * std::pow(theta, exponent);
    const double smooth = (Llama3::trained / wavelength - Llama3::low) / (Llama3::high - Llama3::low);
    const double kept = std::clamp(smooth, 0.0, 1.0);
    const double expected = 1 / ((1 - kept) / rule.factor + kept);
    if (std::abs(factors[i] - expected) > 1e-4 * expected) return std::nullopt;
  }
  return rule;
}

void write_longrope(const std::vector<float>& short_factors, const std::vector<float>& long_factors,
                    JsonWriter& config) {
  config.member("rope_type", "longrope");
  config.member("short_factor", short_factors).member("long_factor", long_factors);
}

void write_kind(const GgufKeys& keys, std::string_view kind, std::int64_t max_position, JsonWriter& config) {
  config.member("rope_type", kind);
  const auto number = [&](std::string_view from, std::string_view to) {
    if (const auto value = keys.find(from)) config.member(to, static_cast<float>(value->as_double()));
  };
  number("rope.scaling.factor", "factor");
  if (kind != "yarn") return;
  config.member("original_max_position_embeddings",
                keys.integer("rope.scaling.original_context_length").value_or(max_position));
  number("rope.scaling.yarn_beta_fast", "beta_fast");
  number("rope.scaling.yarn_beta_slow", "beta_slow");
}

}  // namespace

void write_gguf_rope(const GgufKeys& keys, std::int64_t head_dim, std::int64_t max_position,
                     JsonWriter& config) {
  const auto base = keys.find("rope.freq_base");
  const float theta = base ? static_cast<float>(base->as_double()) : 10000.0f;
  config.member("rope_theta", theta);
  const std::int64_t rotated = keys.integer("rope.dimension_count", 0).value_or(head_dim);
  if (rotated != head_dim)
    config.member("partial_rotary_factor", static_cast<double>(rotated) / static_cast<double>(head_dim));

  const auto type = keys.find("rope.scaling.type");
  const std::string_view kind = type ? type->as_string() : "none";
  const auto shorts = divisors(keys, "rope_factors_short.weight");
  const auto longs = divisors(keys, "rope_factors_long.weight");
  const auto all = divisors(keys, "rope_freqs.weight");
  if (shorts && longs) {
    config.key("rope_scaling").begin_object();
    write_longrope(*shorts, *longs, config);
    config.end_object();
  } else if (all) {
    config.key("rope_scaling").begin_object();
    if (const auto rule = llama3_rule(*all, theta)) {
      config.member("rope_type", "llama3").member("factor", rule->factor);
      config.member("low_freq_factor", Llama3::low).member("high_freq_factor", Llama3::high);
      config.member("original_max_position_embeddings", static_cast<int>(Llama3::trained));
    } else {
      write_longrope(*all, *all, config);
      config.member("factor", 1.0).member("attention_factor", 1.0);
    }
    config.end_object();
  } else if (kind == "linear" || kind == "yarn") {
    config.key("rope_scaling").begin_object();
    write_kind(keys, kind, max_position, config);
    config.end_object();
  } else if (kind != "none" && kind != "longrope") {
    type->fail("none, linear, yarn or longrope expected, " + in_quotes(kind) + " found");
  }
}

}  // namespace kelvin
