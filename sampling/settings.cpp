#include "sampling/settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sampling/chain_text.h"
#include "sampling/closest.h"
#include "sampling/order.h"
#include "sampling/statistics/boltzmann.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {

namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

bool is_temperature(std::string_view name) {
  const StageType* type = find_stage(name);
  return type && type->kind == Kind::temperature;
}

// T of a stage that is the same at every step; NaN of one that is not.
double constant_temperature(const std::string& name, const std::string& value) {
  if (name != "temp" && name != "beta") return std::numeric_limits<double>::quiet_NaN();
  const double number = parse_stage(name + "=" + value).params[name == "temp" ? "temperature" : "beta"];
  return name == "temp" ? number : 1 / number;
}

bool truncates(std::string_view name) {
  const StageType* type = find_stage(name);
  return type && type->kind == Kind::truncation;
}

bool adds_up(std::string_view name) {
  return name == "ban" || name == "allow" || name == "bias" || name == "sequence-bias" ||
         name == "string-ban";
}

}  // namespace

SamplerSettings::SamplerSettings() { settings_.push_back({"temp", "0.8", "default", Source::default_value}); }

void SamplerSettings::set(std::string_view given, std::string_view value, Source source,
                          std::string_view origin) {
  std::string name(given);
  const bool off = value.empty() || value == "off";
  if (name == "order") {
    if (!off && !find_order(value)) {
      const std::string near = sampling::closest(value, order_names());
      throw UserError("order: " + listed(order_names()) + " expected, \"" + std::string(value) + "\" found" +
                      (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    }
  } else if (name == "nonfinite") {
    if (!off && value != "error" && value != "mask")
      throw UserError("nonfinite: error or mask expected, \"" + std::string(value) + "\" found");
  } else if (name == "padding") {
    if (!off && value != "mask" && value != "draw")
      throw UserError("padding: mask or draw expected, \"" + std::string(value) + "\" found");
  } else if (name == "sample") {
    for (const std::string& stage : split_chain(value)) parse_stage(stage);
  } else if (off) {
    const StageType* type = find_stage(name);
    if (!type) throw UserError("unknown stage \"" + name + "\"");
    name = type->name;
  } else {
    name = parse_stage(name + "=" + std::string(value)).type->name;
  }
  if (!adds_up(name) || off)
    std::erase_if(settings_, [&](const Setting& s) { return s.name == name && s.source == source; });
  settings_.push_back({name, off && name != "sample" ? "" : std::string(value), std::string(origin), source});
}

bool SamplerSettings::set_from_generation_config(std::string_view key, double value) {
  struct Known {
    std::string_view key, stage;
    double off;  // the value that means: not used
  };
  static constexpr std::array<Known, 13> known = {{{"temperature", "temp", -infinity},
                                                   {"top_k", "top-k", 0},
                                                   {"top_p", "top-p", 1},
                                                   {"min_p", "min-p", 0},
                                                   {"encoder_repetition_penalty", "encoder-penalty", 1},
                                                   {"encoder_no_repeat_ngram_size", "encoder-no-repeat", 0},
                                                   {"repetition_penalty", "penalty", 1},
                                                   {"typical_p", "typical", 1},
                                                   {"epsilon_cutoff", "epsilon", 0},
                                                   {"eta_cutoff", "eta", 0},
                                                   {"top_h", "top-h", 1},
                                                   {"no_repeat_ngram_size", "no-repeat", 0},
                                                   {"min_new_tokens", "min-new", 0}}};
  for (const Known& k : known) {
    if (k.key != key) continue;
    set(k.stage, value == k.off ? "off" : number_text(value), Source::generation_config,
        "generation_config.json");
    return true;
  }
  return false;
}

void SamplerSettings::set_default_truncation(std::string_view name, std::string_view value) {
  set(name, value, Source::default_value, "default");
}

// That of the defaults, if no other is named.
const SamplerSettings::Setting* SamplerSettings::default_truncation() const {
  const Setting* found = nullptr;
  for (const Setting& s : settings_) {
    if (!truncates(s.name)) continue;
    if (s.source > Source::default_value) return nullptr;
    found = &s;
  }
  return found;
}

// The temperature of a stronger source than the defaults that is no number in (0, 2].
const SamplerSettings::Setting* SamplerSettings::temperature_beyond_truncation() const {
  const Setting* found = nullptr;
  for (const Setting& s : settings_)
    if (is_temperature(s.name) && !s.value.empty() && s.source > Source::default_value &&
        (!found || s.source >= found->source))
      found = &s;
  if (!found) return nullptr;
  const double t = constant_temperature(found->name, found->value);
  return t > 0 && t <= 2 ? nullptr : found;
}

std::string SamplerSettings::note() const {
  const Setting* const truncation = default_truncation();
  const Setting* const temperature = temperature_beyond_truncation();
  if (!truncation || !temperature || strongest("sample")) return "";
  const double t = constant_temperature(temperature->name, temperature->value);
  if (t == 0 && !std::signbit(t)) return "";
  return temperature->name + "=" + temperature->value + " acts on the whole vocabulary: the default " +
         truncation->name + "=" + truncation->value + " is off";
}

// A setting that is no stage; nullptr if there is none.
const SamplerSettings::Setting* SamplerSettings::strongest(std::string_view name) const {
  const Setting* found = nullptr;
  for (const Setting& s : settings_)
    if (s.name == name && (!found || s.source >= found->source)) found = &s;
  return found;
}

Chain SamplerSettings::chain(const Vocabulary& vocabulary) const {
  Chain chain;
  const Setting* const padding = strongest("padding");
  const Setting* const non_finite = strongest("nonfinite");
  const Setting* const sample = strongest("sample");
  chain.set_real_tokens(padding && padding->value == "draw" ? 0 : vocabulary.bytes.size());
  if (non_finite && non_finite->value == "mask") chain.set_non_finite(NonFinite::mask);
  const Setting* named = nullptr;  // what says the order
  for (const Setting& s : settings_)
    if (s.name == "order" && !s.value.empty()) named = &s;
  const Order* const order = find_order(named ? named->value : "default");
  // Per stage the strongest source; ban and its like add up. One temperature: a stronger source's replaces a
  // weaker one's.
  std::vector<const Setting*> chosen;
  Source temperature_source = Source::default_value;
  for (const Setting& s : settings_)
    if (is_temperature(s.name)) temperature_source = std::max(temperature_source, s.source);
  const Setting* const truncation = temperature_beyond_truncation() ? nullptr : default_truncation();
  for (const Setting& s : settings_) {
    if (!find_stage(s.name)) continue;
    if (truncates(s.name) && s.source == Source::default_value && &s != truncation) continue;
    if (is_temperature(s.name) && s.source < temperature_source) continue;
    const bool beaten = std::any_of(settings_.begin(), settings_.end(), [&](const Setting& other) {
      return other.name == s.name && other.source > s.source && !adds_up(s.name);
    });
    if (!beaten && !s.value.empty()) chosen.push_back(&s);
  }
  if (sample) {
    if (named && named->source == Source::flag)
      throw UserError(named->origin + " and " + sample->origin +
                      " contradict each other: the chain is in its own order");
    for (const Setting* s : chosen)
      if (s->source == Source::flag)
        throw UserError(s->origin + " and " + sample->origin + " contradict each other: write \"" + s->name +
                        "=" + s->value + "\" into " + sample->origin);
    for (const std::string& stage : split_chain(sample->value)) chain.add(stage, vocabulary, sample->origin);
    return chain;
  }
  std::stable_sort(chosen.begin(), chosen.end(), [&](const Setting* a, const Setting* b) {
    return place_in(*order, *find_stage(a->name)) < place_in(*order, *find_stage(b->name));
  });
  const auto n_temperatures =
      std::count_if(chosen.begin(), chosen.end(), [](auto s) { return is_temperature(s->name); });
  if (n_temperatures > 1)
    throw UserError("more than one temperature; write the chain with --sample to say where each belongs");
  for (const Setting* s : chosen)
    chain.add(in_dialect(*order, *find_stage(s->name), s->value), vocabulary, s->origin);
  return chain;
}

}  // namespace kelvin
