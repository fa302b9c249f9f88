// The registry's rows, in the default order: constraints and history on the raw logits, then shaping and
// truncation, temperature after them, feedback last. A new sampler is one declaration and one row here.
#include "sampling/samplers.h"

namespace kelvin {

using Logits = std::span<float>;

void allow(Logits, const Params&, const Step&);
void ban(Logits, const Params&, const Step&);
void bias(Logits, const Params&, const Step&);
void penalty(Logits, const Params&, const Step&);
void frequency(Logits, const Params&, const Step&);
void presence(Logits, const Params&, const Step&);
void top_k(Logits, const Params&, const Step&);
void top_p(Logits, const Params&, const Step&);
void min_p(Logits, const Params&, const Step&);
void temp(Logits, const Params&, const Step&);
void beta(Logits, const Params&, const Step&);

std::shared_ptr<const void> prepare_token_set(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_allowed(const Params&, const Vocabulary&);

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Parameter number(std::string name, double standard, double least, double most, std::string help) {
  return {
      .name = std::move(name), .standard = standard, .least = least, .most = most, .help = std::move(help)};
}

Parameter whole(std::string name, double standard, double least, double most, std::string help) {
  Parameter p = number(std::move(name), standard, least, most, std::move(help));
  p.whole = true;
  return p;
}

Parameter text(std::string name, std::string help) {
  return {.name = std::move(name), .help = std::move(help), .is_text = true};
}

// The first choice is the default.
Parameter choice(std::string name, std::vector<std::string> choices, std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .is_text = true,
          .standard_text = choices[0],
          .choices = std::move(choices)};
}

const std::string token_set_help =
    "a word, id:13,20-29, regex:..., script:Latin or file:PATH (text that holds them)";

Parameter last_tokens(double standard) {
  return whole("last", standard, -1, inf, "how many of the last tokens count; -1: all");
}
Parameter which_history() {
  return choice("of", {"all", "output"}, "prompt and answer, or the answer alone");
}
Parameter origin() {
  return choice(
      "origin", {"extreme", "zero"},
      "which logit stays at 0 or in place; zero is what other engines do, and the same distribution");
}

std::vector<StageType> constraints() {
  return {
      {.name = "allow",
       .kind = Kind::constraint,
       .apply = allow,
       .parameters = {text("tokens", token_set_help)},
       .help = "only these tokens, and those that end the text",
       .prepare = prepare_allowed},
      {.name = "ban",
       .kind = Kind::constraint,
       .apply = ban,
       .parameters = {text("tokens", token_set_help)},
       .help = "never these tokens",
       .prepare = prepare_token_set},
      {.name = "bias",
       .kind = Kind::constraint,
       .apply = bias,
       .parameters = {number("by", 0, -inf, 1e30, "added to their logits; -inf bans them"),
                      text("tokens", token_set_help)},
       .help = "move the logits of these tokens",
       .source = "OpenAI API, logit_bias",
       .aliases = {"logit-bias"},
       .prepare = prepare_token_set},
  };
}

std::vector<StageType> histories() {
  return {
      {.name = "penalty",
       .kind = Kind::history,
       .apply = penalty,
       .parameters = {number("repetition", 1, 1e-6, 1e6, "divides logits above 0, multiplies those below"),
                      number("presence", 0, -1e6, 1e6, "taken off once"),
                      number("frequency", 0, -1e6, 1e6, "taken off per occurrence"), last_tokens(-1),
                      which_history()},
       .help = "make tokens that were seen before less likely",
       .source = "Keskar et al. 2019, arXiv 1909.05858",
       .below_zero = "belongs before the temperature: it depends on where the logits are 0",
       .aliases = {"repetition-penalty", "repeat-penalty"},
       .once = true},
      {.name = "frequency",
       .kind = Kind::history,
       .apply = frequency,
       .parameters = {number("by", 0, -1e6, 1e6, "taken off per occurrence"), last_tokens(-1),
                      which_history()},
       .help = "lower tokens by how often they were seen",
       .source = "OpenAI API, frequency_penalty",
       .aliases = {"frequency-penalty"},
       .once = true},
      {.name = "presence",
       .kind = Kind::history,
       .apply = presence,
       .parameters = {number("by", 0, -1e6, 1e6, "taken off once"), last_tokens(-1), which_history()},
       .help = "lower tokens that were seen at all",
       .source = "OpenAI API, presence_penalty",
       .aliases = {"presence-penalty"},
       .once = true},
  };
}

std::vector<StageType> truncations() {
  return {
      {.name = "top-k",
       .kind = Kind::truncation,
       .apply = top_k,
       .parameters = {whole("k", 40, 0, inf, "how many stay; 0: all"),
                      choice("ties", {"lowest-id", "all"}, "which of the tokens tied at the border stay")},
       .help = "keep the k likeliest tokens",
       .source = "Fan et al. 2018, arXiv 1805.04833"},
      {.name = "top-p",
       .kind = Kind::truncation,
       .apply = top_p,
       .parameters = {number("p", 0.95, 0, 1, "probability that stays; 1: all"),
                      choice("meaning", {"include", "hf", "exclude"},
                             "of the token at which the sum crosses p")},
       .help = "keep the likeliest tokens that together hold probability p",
       .source = "Holtzman et al. 2019, arXiv 1904.09751"},
      {.name = "min-p",
       .kind = Kind::truncation,
       .apply = min_p,
       .parameters = {number("p", 0.05, 0, 1, "relative to the likeliest token")},
       .help = "drop tokens less likely than p times the likeliest",
       .source = "Nguyen et al. 2024, arXiv 2407.01082"},
  };
}

std::vector<StageType> temperatures() {
  return {
      {.name = "temp",
       .kind = Kind::temperature,
       .apply = temp,
       .parameters = {number("temperature", 0.8, -inf, inf,
                             "T: 0 greedy, -0 the least likely, inf uniform, negative inverts"),
                      origin()},
       .help = "temperature",
       .source = "Boltzmann 1868",
       .aliases = {"temperature"}},
      {.name = "beta",
       .kind = Kind::temperature,
       .apply = beta,
       .parameters = {number("beta", 1, -inf, inf, "1/T: inf greedy, 0 uniform, -inf the least likely"),
                      origin()},
       .help = "inverse temperature",
       .source = "Boltzmann 1868"},
  };
}

void append(std::vector<StageType>& rows, std::vector<StageType> more) {
  for (StageType& row : more) rows.push_back(std::move(row));
}

}  // namespace

std::vector<StageType> built_in_samplers() {
  std::vector<StageType> rows = constraints();
  append(rows, histories());
  append(rows, truncations());
  append(rows, temperatures());
  return rows;
}

}  // namespace kelvin
