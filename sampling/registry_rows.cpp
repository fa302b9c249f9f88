// The registry's rows, in the default order: constraints and history on the raw logits, then shaping and
// truncation, temperature after them, feedback last. A new sampler is one declaration and one row.
#include "sampling/registry_rows.h"

#include "sampling/row_parts.h"

namespace kelvin::sampling {

using namespace row_parts;
using Logits = std::span<float>;

void allow(Logits, const Params&, const StageContext&);
void ban(Logits, const Params&, const StageContext&);
void bias(Logits, const Params&, const StageContext&);
void sequence_bias(Logits, const Params&, const StageContext&);
void min_new(Logits, const Params&, const StageContext&);
void end_decay(Logits, const Params&, const StageContext&);
void string_ban(Logits, const Params&, const StageContext&);
void penalty(Logits, const Params&, const StageContext&);
void frequency(Logits, const Params&, const StageContext&);
void presence(Logits, const Params&, const StageContext&);
void dry(Logits, const Params&, const StageContext&);
void no_repeat(Logits, const Params&, const StageContext&);
void temp(Logits, const Params&, const StageContext&);
void beta(Logits, const Params&, const StageContext&);
void temp_dynamic(Logits, const Params&, const StageContext&);
void temp_top(Logits, const Params&, const StageContext&);
void temp_entropy(Logits, const Params&, const StageContext&);
void temp_schedule(Logits, const Params&, const StageContext&);
void mirostat_1(Logits, const Params&, const StageContext&);
void mirostat_2(Logits, const Params&, const StageContext&);
void adaptive_p(Logits, const Params&, const StageContext&);

std::shared_ptr<const void> prepare_token_set(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_allowed(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_sequence(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_ends(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_string_ban(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_dry(const Params&, const Vocabulary&);
std::shared_ptr<const void> prepare_schedule(const Params&, const Vocabulary&);

int accept_string_ban(int, const Params&, const StageContext&);
int accept_schedule(int, const Params&, const StageContext&);
int accept_mirostat(int, const Params&, const StageContext&);
int accept_adaptive_p(int, const Params&, const StageContext&);
int unsettled_string_ban(const Params&, const StageContext&);

namespace {

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
      {.name = "sequence-bias",
       .kind = Kind::constraint,
       .apply = sequence_bias,
       .parameters = {number("by", 0, -inf, 1e30, "added to the last id's logit; -inf bans it there"),
                      text("ids", "token ids with spaces between, as in '485 794 6'")},
       .help = "move the logit of the token that would complete this sequence",
       .source = "transformers, SequenceBias and NoBadWords",
       .below_zero = "a positive bias makes a token less likely there",
       .prepare = prepare_sequence},
      {.name = "min-new",
       .kind = Kind::constraint,
       .apply = min_new,
       .parameters = {integer("n", 0, 0, inf, "tokens that are drawn before the text may end"), ends()},
       .help = "no end of the text before n tokens",
       .source = "transformers, min_new_tokens",
       .below_zero = "holds at every temperature",
       .aliases = {"min-tokens", "min-new-tokens"},
       .once = true,
       .prepare = prepare_ends},
      {.name = "end-decay",
       .kind = Kind::constraint,
       .apply = end_decay,
       .parameters = {integer("start", 0, 0, inf, "drawn tokens that change nothing"),
                      number("factor", 1.05, 1e-3, 1e3, "growth per token after them"), ends()},
       .help = "make the end likelier with every token",
       .source = "transformers, exponential_decay_length_penalty",
       .below_zero = "makes the end less likely there",
       .once = true,
       .prepare = prepare_ends},
  };
}

constexpr const char* penalty_below_zero =
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
                      integer("allowed", 2, 0, 1e6, "repetitions shorter than this are free"),
                      last_tokens(-1),
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
       .parameters = {integer("n", 3, 0, 1e9, "length of the sequences; 0: off"), last_tokens(-1)},
       .help = "ban tokens that would repeat a sequence of n tokens",
       .source = "Paulus et al. 2017, arXiv 1705.04304",
       .below_zero = "holds at every temperature",
       .aliases = {"no-repeat-ngram", "no-repeat-ngram-size"},
       .once = true},
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

}  // namespace kelvin::sampling
