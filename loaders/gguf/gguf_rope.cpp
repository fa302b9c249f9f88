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

// What longrope multiplies sine and cosine by, unless something else is said.
double longrope_attention_factor(double max_position, double original) {
  const double scale = max_position / original;
  return scale > 1 && original > 1 ? std::sqrt(1 + std::log(scale) / std::log(original)) : 1.0;
}

// The parameters of a file's RoPE. What GGUF calls none is none, whatever else stands beside it.
struct Scaling {
  std::string_view kind;  // none, linear, yarn or longrope
  float factor;           // 1: none
  std::optional<std::int64_t> original;
  std::optional<float> beta_fast, beta_slow;
};

Scaling scaling_of(const GgufKeys& keys) {
  Scaling scaling{"linear", 1, keys.integer("rope.scaling.original_context_length"),
                  keys.number("rope.scaling.yarn_beta_fast"), keys.number("rope.scaling.yarn_beta_slow")};
  // A factor without a kind is a linear one, and the first files call it so.
  auto factor = keys.number("rope.scaling.factor");
  if (const auto old = keys.number("rope.scale_linear"); old && !factor) factor = old;
  if (factor && *factor != 0) scaling.factor = *factor;
  if (const auto type = keys.find("rope.scaling.type")) {
    scaling.kind = type->as_string();
    constexpr std::string_view known[] = {"none", "linear", "yarn", "longrope"};
    if (std::find(std::begin(known), std::end(known), scaling.kind) == std::end(known))
      type->fail("none, linear, yarn or longrope expected, " + in_quotes(scaling.kind) + " found");
  }
  const bool scales = scaling.kind == "linear" || scaling.kind == "yarn";
  if (scales && scaling.factor == 1) scaling.kind = "none";
  return scaling;
}

void write_yarn(const GgufKeys& keys, const Scaling& scaling, std::int64_t max_position, bool latent,
                JsonWriter& config) {
  config.member("original_max_position_embeddings", scaling.original.value_or(max_position));
  if (scaling.beta_fast) config.member("beta_fast", *scaling.beta_fast);
  if (scaling.beta_slow) config.member("beta_slow", *scaling.beta_slow);
  if (const auto factor = keys.number("rope.scaling.yarn_attn_factor"); factor && *factor != 0)
    config.member("attention_factor", *factor);
  if (!latent) return;
  // DeepSeek's files hold a tenth of it, and of the two numbers only the one that scales queries.
  if (const auto tenth = keys.number("rope.scaling.yarn_log_multiplier"); tenth && *tenth != 0) {
    const auto mscale = static_cast<float>(10.0 * *tenth);
    config.member("mscale", mscale).member("mscale_all_dim", mscale);
  }
}

void write_parameters(const GgufKeys& keys, float theta, std::int64_t max_position, bool latent,
                      JsonWriter& config) {
  const Scaling scaling = scaling_of(keys);
  const auto shorts = divisors(keys, "rope_factors_short.weight");
  const auto longs = divisors(keys, "rope_factors_long.weight");
  const auto all = divisors(keys, "rope_freqs.weight");
  const auto need = [&](bool there, std::string_view tensor) {
    if (!there)
      throw LoadError(keys.file().name(), "tensor " + in_quotes(tensor) +
                                              " expected beside the other factors of RoPE, none found");
  };
  if (shorts || longs || scaling.kind == "longrope") {
    need(shorts.has_value(), "rope_factors_short.weight");
    need(longs.has_value(), "rope_factors_long.weight");
  }
  const bool scaled = scaling.kind == "linear" || scaling.kind == "yarn";
  if ((shorts && all) || (scaled && (shorts || all)))
    throw LoadError(keys.file().name(), std::string("tensor ") +
                                            (all ? "\"rope_freqs.weight\"" : "\"rope_factors_long.weight\"") +
                                            " expected to be all that scales RoPE, more found");
  if (!shorts && !all && !scaled) return;
  config.key("rope_scaling").begin_object();
  if (shorts) {
    write_longrope(*shorts, *longs, config);
    if (scaling.original) config.member("original_max_position_embeddings", *scaling.original);
    const auto said = keys.number("rope.scaling.attn_factor");
    const double usual = longrope_attention_factor(
        static_cast<double>(max_position), static_cast<double>(scaling.original.value_or(max_position)));
    if (said && *said != 0 && std::abs(*said - usual) > 1e-5 * usual)
      config.member("attention_factor", *said);
  } else if (!all) {
    config.member("rope_type", scaling.kind).member("factor", scaling.factor);
    if (scaling.kind == "yarn") write_yarn(keys, scaling, max_position, latent, config);
  } else if (const auto rule = llama3_rule(*all, theta)) {
    config.member("rope_type", "llama3").member("factor", rule->factor);
    config.member("low_freq_factor", Llama3::low).member("high_freq_factor", Llama3::high);
    config.member("original_max_position_embeddings", static_cast<int>(Llama3::trained));
  } else {
    write_longrope(*all, *all, config);
    config.member("factor", 1.0).member("attention_factor", 1.0);
  }
  config.end_object();
}

}  // namespace

void write_gguf_rope(const GgufKeys& keys, std::int64_t head_dim, std::int64_t max_position, bool latent,
                     JsonWriter& config) {
  const float theta = keys.number("rope.freq_base").value_or(10000.0f);
  config.member("rope_theta", theta);
  const std::int64_t rotated = keys.integer("rope.dimension_count", 0).value_or(head_dim);
  // A part of all dimensions that comes out at that number again when its fraction is cut off.
  double part = static_cast<double>(rotated) / static_cast<double>(head_dim);
  if (static_cast<std::int64_t>(static_cast<double>(head_dim) * part) < rotated)
    part = std::nextafter(part, 1.0);
  config.member("partial_rotary_factor", part);
  write_parameters(keys, theta, max_position, latent, config);
}

}  // namespace kelvin
