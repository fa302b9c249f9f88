// The registry's rows, in the default order: constraints and history on the raw logits, then shaping and
// truncation, temperature after them, feedback last. A new sampler is one declaration and one row here.
#include "sampling/samplers.h"

namespace kelvin {

using Logits = std::span<float>;

void allow(Logits, const Params&, const Step&);
void ban(Logits, const Params&, const Step&);
void bias(Logits, const Params&, const Step&);
void string_ban(Logits, const Params&, const Step&);
void penalty(Logits, const Params&, const Step&);
void frequency(Logits, const Params&, const Step&);
void presence(Logits, const Params&, const Step&);
void dry(Logits, const Params&, const Step&);
void no_repeat(Logits, const Params&, const Step&);
void smoothing(Logits, const Params&, const Step&);
void skew(Logits, const Params&, const Step&);
void top_n_sigma(Logits, const Params&, const Step&);
void top_k(Logits, const Params&, const Step&);
void tail_free(Logits, const Params&, const Step&);
void typical(Logits, const Params&, const Step&);
void top_p(Logits, const Params&, const Step&);
void min_p(Logits, const Params&, const Step&);
void top_a(Logits, const Params&, const Step&);
void epsilon(Logits, const Params&, const Step&);
void eta(Logits, const Params&, const Step&);
void top_h(Logits, const Params&, const Step&);
void p_less(Logits, const Params&, const Step&);
void min_k(Logits, const Params&, const Step&);
void xtc(Logits, const Params&, const Step&);
void inverted(Logits, const Params&, const Step&);
void temp(Logits, const Params&, const Step&);
void beta(Logits, const Params&, const Step&);
void temp_dynamic(Logits, const Params&, const Step&);
void temp_top(Logits, const Params&, const Step&);
void temp_entropy(Logits, const Params&, const Step&);
void temp_schedule(Logits, const Params&, const Step&);
void mirostat_1(Logits, const Params&, const Step&);
void mirostat_2(Logits, const Params&, const Step&);
void adaptive_p(Logits, const Params&, const Step&);

std::shared_ptr<const void> prepare_token_set(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_allowed(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_string_ban(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_dry(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_schedule(const Params&, const Vocabulary&);

int accept_string_ban(int, const Params&, const Step&);
int accept_schedule(int, const Params&, const Step&);
int accept_mirostat(int, const Params&, const Step&);
int accept_adaptive_p(int, const Params&, const Step&);
int unsettled_string_ban(const Params&, const Step&);

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

Parameter named_text(std::string name, std::string standard, std::string help) {
  Parameter p = text(std::move(name), std::move(help));
  p.standard_text = std::move(standard);
  return p;
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

Parameter keep() { return whole("keep", 1, 1, inf, "at least this many stay"); }

std::vector<StageType> constraints() {
  return {
      {.name = "allow",
       .kind = Kind::constraint,
       .apply = allow,
       .parameters = {text("tokens", token_set_help)},
       .help = "only these tokens, and those that end the text",
       .below_zero = "holds at every temperature",
       .prepare = prepare_allowed},
      {.name = "ban",
       .kind = Kind::constraint,
       .apply = ban,
       .parameters = {text("tokens", token_set_help)},
       .help = "never these tokens",
       .below_zero = "holds at every temperature",
       .prepare = prepare_token_set},
      {.name = "string-ban",
       .kind = Kind::constraint,
       .apply = string_ban,
       .parameters = {text("text", "what must not be written, however it is cut into tokens")},
       .help = "take the answer back to before this text and go on otherwise",
       .below_zero = "holds at every temperature",
       .prepare = prepare_string_ban,
       .accept = accept_string_ban,
       .unsettled = unsettled_string_ban},
      {.name = "bias",
       .kind = Kind::constraint,
       .apply = bias,
       .parameters = {number("by", 0, -inf, 1e30, "added to their logits; -inf bans them"),
                      text("tokens", token_set_help)},
       .help = "move the logits of these tokens",
       .source = "OpenAI API, logit_bias",
       .below_zero = "a positive bias makes a token less likely there",
       .aliases = {"logit-bias"},
       .prepare = prepare_token_set},
  };
}

const std::string penalty_below_zero =
    "lowers the raw logit, hence favours repetition; put it after the temperature to discourage it";

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
       .below_zero = penalty_below_zero,
       .aliases = {"repetition-penalty", "repeat-penalty"},
       .once = true},
      {.name = "frequency",
       .kind = Kind::history,
       .apply = frequency,
       .parameters = {number("by", 0, -1e6, 1e6, "taken off per occurrence"), last_tokens(-1),
                      which_history()},
       .help = "lower tokens by how often they were seen",
       .source = "OpenAI API, frequency_penalty",
       .below_zero = penalty_below_zero,
       .aliases = {"frequency-penalty"},
       .once = true},
      {.name = "presence",
       .kind = Kind::history,
       .apply = presence,
       .parameters = {number("by", 0, -1e6, 1e6, "taken off once"), last_tokens(-1), which_history()},
       .help = "lower tokens that were seen at all",
       .source = "OpenAI API, presence_penalty",
       .below_zero = penalty_below_zero,
       .aliases = {"presence-penalty"},
       .once = true},
      {.name = "dry",
       .kind = Kind::history,
       .apply = dry,
       .parameters = {number("multiplier", 0.8, 0, 1e6, "loss at the allowed length; 0: off"),
                      number("base", 1.75, 1, 1e6, "growth of the loss per further token"),
                      whole("allowed", 2, 0, 1e6, "repetitions shorter than this are free"), last_tokens(-1),
                      named_text("breakers", "usual",
                                 "tokens no repetition reaches across: usual (those with a line end, colon, "
                                 "quote or asterisk), "
                                 "none, or a set as for ban")},
       .help = "don't repeat yourself: lower tokens that would prolong a repetition",
       .source = "p-e-w 2024, text-generation-webui PR 5677",
       .below_zero = penalty_below_zero,
       .once = true,
       .prepare = prepare_dry},
      {.name = "no-repeat",
       .kind = Kind::history,
       .apply = no_repeat,
       .parameters = {whole("n", 3, 0, 1e9, "length of the sequences; 0: off"), last_tokens(-1)},
       .help = "ban tokens that would repeat a sequence of n tokens",
       .source = "Paulus et al. 2017, arXiv 1705.04304",
       .below_zero = "holds at every temperature",
       .aliases = {"no-repeat-ngram"},
       .once = true},
  };
}

std::vector<StageType> shapings() {
  return {
      {.name = "smoothing",
       .kind = Kind::shaping,
       .apply = smoothing,
       .parameters = {number("factor", 0.2, 0, 1e6, "of the square; 0: off"),
                      number("curve", 1, -1e3, 1e3,
                             "1 quadratic, more adds a cubic part; above 3 not monotone")},
       .help = "flatten near the top, steepen far below",
       .source = "kalomaze 2024, text-generation-webui PRs 5403, 5551"},
      {.name = "skew",
       .kind = Kind::shaping,
       .apply = skew,
       .parameters = {number("s", 0.5, -20, 20, "above 0 favours the tail, below the head")},
       .help = "bend the cumulative distribution over the ranks",
       .source = "exllamav2"},
  };
}

std::vector<StageType> truncations() {
  return {
      {.name = "top-n-sigma",
       .kind = Kind::truncation,
       .apply = top_n_sigma,
       .parameters = {number("n", 1, 0, inf, "standard deviations")},
       .help = "keep logits within n standard deviations of the largest",
       .source = "Tang et al. 2024, arXiv 2411.07641",
       .aliases = {"nsigma"}},
      {.name = "top-k",
       .kind = Kind::truncation,
       .apply = top_k,
       .parameters = {whole("k", 40, 0, inf, "how many stay; 0: all"),
                      choice("ties", {"lowest-id", "all"}, "which of the tokens tied at the border stay")},
       .help = "keep the k likeliest tokens",
       .source = "Fan et al. 2018, arXiv 1805.04833"},
      {.name = "tail-free",
       .kind = Kind::truncation,
       .apply = tail_free,
       .parameters = {number("z", 0.95, 0, 1, "share of the bends that is kept; 1: all")},
       .help = "cut where the sorted probabilities have become flat",
       .source = "trentbrick 2019",
       .aliases = {"tfs"}},
      {.name = "typical",
       .kind = Kind::truncation,
       .apply = typical,
       .parameters = {number("p", 0.95, 0, 1, "probability that stays; 1: all"),
                      choice("ties", {"lowest-id", "all"}, "which of the tokens tied at the border stay"),
                      keep()},
       .help = "keep the tokens whose surprise is closest to the entropy",
       .source = "Meister et al. 2022, arXiv 2202.00666"},
      {.name = "top-p",
       .kind = Kind::truncation,
       .apply = top_p,
       .parameters = {number("p", 0.95, 0, 1, "probability that stays; 1: all"),
                      choice("meaning", {"include", "hf", "exclude"},
                             "of the token at which the sum crosses p"),
                      keep()},
       .help = "keep the likeliest tokens that together hold probability p",
       .source = "Holtzman et al. 2019, arXiv 1904.09751"},
      {.name = "min-p",
       .kind = Kind::truncation,
       .apply = min_p,
       .parameters = {number("p", 0.05, 0, 1, "relative to the likeliest token"), keep()},
       .help = "drop tokens less likely than p times the likeliest",
       .source = "Nguyen et al. 2024, arXiv 2407.01082"},
      {.name = "top-a",
       .kind = Kind::truncation,
       .apply = top_a,
       .parameters = {number("a", 0.2, 0, 1, "factor"), keep()},
       .help = "drop tokens less likely than a times the square of the likeliest",
       .source = "BlinkDL 2022"},
      {.name = "epsilon",
       .kind = Kind::truncation,
       .apply = epsilon,
       .parameters = {number("p", 3e-4, 0, 1, "least probability"), keep()},
       .help = "drop tokens less likely than p",
       .source = "Hewitt et al. 2022, arXiv 2210.15191"},
      {.name = "eta",
       .kind = Kind::truncation,
       .apply = eta,
       .parameters = {number("epsilon", 2e-3, 0, 1, "limit is the smaller of this and sqrt(epsilon) exp(-H)"),
                      keep()},
       .help = "drop tokens less likely than a limit that falls with the entropy",
       .source = "Hewitt et al. 2022, arXiv 2210.15191"},
      {.name = "top-h",
       .kind = Kind::truncation,
       .apply = top_h,
       .parameters = {number("h", 0.4, 0, 1, "share of the entropy"),
                      whole("of", 100, 1, inf, "of the likeliest so many tokens")},
       .help = "keep the likeliest tokens within a share of the entropy",
       .source = "Potraghloo et al. 2025, arXiv 2509.02510"},
      {.name = "p-less",
       .kind = Kind::truncation,
       .apply = p_less,
       .parameters = {number("order", 2, 1.001, 1000, "of the mean of probabilities that is the limit"),
                      choice("norm", {"off", "on"}, "without the part that a uniform distribution has")},
       .help = "drop tokens less likely than the mean probability of a draw",
       .source = "Tan et al. 2025, arXiv 2509.23234"},
      {.name = "min-k",
       .kind = Kind::truncation,
       .apply = min_k,
       .parameters = {number("tau", 3, 0, 1e9, "at least tau / (range of the logits) tokens stay")},
       .help = "cut at the steepest relative drop of the sorted logits",
       .source = "arXiv 2604.11012"},
      {.name = "xtc",
       .kind = Kind::truncation,
       .apply = xtc,
       .parameters = {number("probability", 0.5, 0, 1, "of acting at a step"),
                      number("threshold", 0.1, 0, 1,
                             "a top choice is at least so likely; above 0.5 never acts")},
       .help = "exclude top choices: of those, keep the least likely",
       .source = "p-e-w 2024, text-generation-webui PR 6335"},
      {.name = "inverted",
       .kind = Kind::truncation,
       .apply = inverted,
       .help = "exchange the probabilities of the possible tokens, rank by rank",
       .source = "koboldcpp PR 464, a wish there"},
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
       .below_zero = "turns the order round for all stages after it",
       .aliases = {"temperature"}},
      {.name = "beta",
       .kind = Kind::temperature,
       .apply = beta,
       .parameters = {number("beta", 1, -inf, inf, "1/T: inf greedy, 0 uniform, -inf the least likely"),
                      origin()},
       .help = "inverse temperature",
       .source = "Boltzmann 1868",
       .below_zero = "turns the order round for all stages after it"},
      {.name = "temp-dynamic",
       .kind = Kind::temperature,
       .apply = temp_dynamic,
       .parameters = {number("temperature", 1, -inf, inf, "centre"),
                      number(
                          "range", 0.5, -inf, inf,
                          "cooled by it at entropy 0, heated by it at full entropy; below 0 the other way"),
                      number("exponent", 1, 0, 1e3, "of the share of the full entropy"), origin()},
       .help = "temperature that rises with the entropy",
       .source = "kalomaze 2023, koboldcpp PR 464",
       .below_zero = "the size moves, the sign stays",
       .aliases = {"dynatemp"}},
      {.name = "temp-top",
       .kind = Kind::temperature,
       .apply = temp_top,
       .parameters = {number("low", 0.5, -1e9, 1e9, "where the likeliest token is certain"),
                      number("high", 1.5, -1e9, 1e9, "where it is most unlikely"),
                      number("exponent", 1, 0, 1e3, "of 1 - p_top")},
       .help = "temperature that falls with the probability of the likeliest token"},
      {.name = "temp-entropy",
       .kind = Kind::temperature,
       .apply = temp_entropy,
       .parameters = {number("target", 1.5, 0, inf, "entropy in nats"),
                      choice("side", {"positive", "negative"}, "sign of the temperature")},
       .help = "hold the entropy of every step at a target"},
      {.name = "temp-schedule",
       .kind = Kind::temperature,
       .apply = temp_schedule,
       .parameters = {text(
           "expression",
           "T as a function of step, position, n, H, top, surprise; as in 'step % 8 == 0 ? -1 : 0.8'")},
       .help = "temperature by an expression",
       .prepare = prepare_schedule,
       .accept = accept_schedule},
  };
}

std::vector<StageType> feedbacks() {
  const std::string below_zero =
      "works on the distribution after the temperature, whose order is turned round";
  return {
      {.name = "mirostat",
       .kind = Kind::feedback,
       .apply = mirostat_1,
       .parameters = {number("tau", 5, 0, 1e3, "surprise to hold, bits"),
                      number("rate", 0.1, 0, 1e3, "of learning")},
       .help = "hold the surprise near a target by a moving top-k",
       .source = "Basu et al. 2020, arXiv 2007.14966",
       .below_zero = below_zero,
       .once = true,
       .last = true,
       .accept = accept_mirostat},
      {.name = "mirostat-2",
       .kind = Kind::feedback,
       .apply = mirostat_2,
       .parameters = {number("tau", 5, 0, 1e3, "surprise to hold, bits"),
                      number("rate", 0.1, 0, 1e3, "of learning")},
       .help = "hold the surprise near a target by a moving limit of surprise",
       .source = "Basu et al. 2020, arXiv 2007.14966",
       .below_zero = below_zero,
       .aliases = {"mirostat-v2"},
       .once = true,
       .last = true,
       .accept = accept_mirostat},
      {.name = "adaptive-p",
       .kind = Kind::feedback,
       .apply = adaptive_p,
       .parameters = {number("target", 0.5, 0, 1, "probability to draw at"),
                      number("decay", 0.9, 0, 0.999, "of its memory, per token")},
       .help = "draw tokens whose probability is near a target that follows what was drawn",
       .source = "llama.cpp PR 17927",
       .below_zero = below_zero,
       .once = true,
       .last = true,
       .accept = accept_adaptive_p},
  };
}

void append(std::vector<StageType>& rows, std::vector<StageType> more) {
  for (StageType& row : more) {
    row.may_empty = row.kind == Kind::constraint || row.kind == Kind::history;
    rows.push_back(std::move(row));
  }
}

}  // namespace

std::vector<StageType> built_in_samplers() {
  std::vector<StageType> rows = constraints();
  append(rows, histories());
  append(rows, shapings());
  append(rows, truncations());
  append(rows, temperatures());
  append(rows, feedbacks());
  return rows;
}

}  // namespace kelvin
