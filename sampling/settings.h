// From plain flags to a chain: collects values from several sources, the stronger source wins, and the chain
// can say where each of its values came from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sampling/chain.h"
#include "sampling/order.h"

namespace kelvin {

enum class Source { default_value, generation_config, flag };  // weakest first

class SamplerSettings {
 public:
  SamplerSettings();  // temp=0.8, all else off

  // `name` is a stage of the registry ("temp", "min-p", "xtc"), whose value is written as in chain text
  // ("0.5:threshold=0.2"); or "sample" (a whole chain, replaces all stages; "raw" is the chain without a
  // stage), "order" (hf, llama.cpp, vllm, mlx, ollama, default), "nonfinite" (error, mask) or "padding" (mask,
  // draw: what becomes of ids that the model has a logit for and the vocabulary has no token). An empty value
  // or "off" takes the stage out.
  // `origin` is shown to the user: "--temp", "generation_config.json", "/set". Within one source a later
  // value replaces an earlier one, except that ban, allow, bias, sequence-bias and string-ban add up. Throws
  // UserError on an unknown name or a bad value; nothing changes then.
  void set(std::string_view name, std::string_view value, Source source, std::string_view origin);

  // A stage that truncates, for people who have chosen none: "min-p", "0.05". It is not in the chain where a
  // stronger source names any truncation, if only to switch it off, or gives a temperature that is no number
  // in (0, 2]: such a temperature is meant for the whole vocabulary.
  void set_default_truncation(std::string_view name, std::string_view value);
  // A sentence if a temperature is why it is not in the chain, "" otherwise, and at T = 0, which it would not
  // change.
  std::string note() const;

  // The keys of generation_config.json that name samplers ("temperature", "top_p", "repetition_penalty",
  // ...); false for others.
  bool set_from_generation_config(std::string_view key, double value);

  // Throws UserError where settings contradict each other.
  Chain chain(const Vocabulary& vocabulary = {}) const;

 private:
  struct Setting {
    std::string name, value, origin;
    Source source;
  };
  const Setting* strongest(std::string_view name) const;
  const Setting* default_truncation() const;
  const Setting* temperature_beyond_truncation() const;
  std::vector<Setting> settings_;
};

}  // namespace kelvin
