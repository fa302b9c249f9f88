#include "tools/options/sampling_options.h"

#include <algorithm>
#include <cctype>
#include <random>

#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

std::string placeholder_of(const StageType& type) {
  if (type.parameters.empty()) return "on";
  std::string name = type.parameters[0].name;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

void SamplingOptions::add_to(Flags& flags) {
  const auto setting = [&](const std::string& name, const std::string& placeholder, const std::string& help) {
    flags.option(name, placeholder, help, [this, name](const std::string& value) {
      if (value.empty() && name != "sample") throw UserError("a value expected, nothing found");
      try {
        settings.set(name, value, Source::flag, "--" + name);
      } catch (const UserError& error) {
        // The option's name stands before the message already.
        const std::string message = error.what();
        throw UserError(message.starts_with(name + ": ") ? message.substr(name.size() + 2) : message);
      }
    });
  };
  flags.group("sampling (each may be given as a stage of --sample, too)");
  setting("sample", "CHAIN",
          "the stages in your order, as in \"penalty=1.1,top-k=40,temp=0.8,min-p=0.05\"; raw for none");
  setting("order", "NAME", "place the stages as another engine does: " + listed(order_names()));
  for (const StageType& type : stage_types()) {
    setting(type.name, placeholder_of(type), type.help);
    for (const std::string& alias : type.aliases) flags.alias(alias, type.name);
  }
  setting("nonfinite", "RULE", "NaN or infinite logits: error or mask");
  flags.explain("sampling", R"(how samplers are written
  A sampler is a stage of a chain. Flags are put in Kelvin's order, or in that of --order; --sample
  takes the stages in yours, and one may stand twice ("raw": no stage at all):
    --sample "penalty=1.1,top-k=40,temp=0.8,min-p=0.05"
  Behind the first value come further parameters, by name or in their order:
    xtc=0.5:threshold=0.2      penalty=1.1:last=64      min-p=0.05:3
  Values with commas or colons go into quotes: string-ban='Well, then'. "off" takes a stage out.
  A set of tokens (allow, ban, bias) is one of
    id:13,20-29                these ids
    hello                      tokens that read "hello" or " hello"
    regex:[0-9]+               tokens that match as a whole
    script:Latin               tokens that can be part of a text in that script; no special ones
    file:PATH                  tokens that occur in the bytes of that file
  allow also takes
    words:PATH                 whole words: what is written are words of that file (one a line), with
                               blanks, line breaks and . , ; : ! ? between them
  An expression (temp-schedule) is arithmetic with ?: || && == != < <= > >= + - * / % ! ^ and
  exp ln sqrt abs floor sin cos min max clamp, on numbers, inf, pi and what the step knows: step,
  position, n (possible tokens), H (entropy, nats), varentropy (variance of -ln p, nats squared),
  top (largest probability), surprise (-ln p of the last):
    temp-schedule='step % 8 == 0 ? -1 : 0.7 + 0.5 * exp(-step / 20)'
  It sees the text generated so far, by regular expressions between slashes: text ~ /../ and
  last(16) ~ /../ (1 if there is a match in all of it, or in its last 16 tokens, else 0),
  count(/../) (of matches), since(/../) (tokens after the latest match; inf without one), all of
  its last 16,384 bytes:
    temp-schedule='last(16) ~ /brainstorm/ ? 1.5 : 0.3'
  A temperature is any number: 0 the likeliest token, -0 the least likely, inf all alike; negative
  ones turn the order round. kelvin-stage --list prints all parameters with their ranges.
)");
  flags.option("seed", "N",
               "of the noise; the same seed gives the same text (default: random, printed at the end)",
               to(seed));
}

std::uint64_t random_seed() { return std::random_device()(); }

std::vector<std::string> setting_names() {
  std::vector<std::string> names = {"sample", "order", "nonfinite"};
  for (const StageType& type : stage_types()) {
    names.push_back(type.name);
    names.insert(names.end(), type.aliases.begin(), type.aliases.end());
  }
  return names;
}

}  // namespace kelvin
