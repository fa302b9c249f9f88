// The registry's rows, in the default order: constraints and history on the raw logits, then shaping and
// truncation, temperature after them, feedback last. A new sampler is one declaration and one row.
#include "sampling/registry_rows.h"

#include "sampling/row_parts.h"

namespace kelvin::sampling {

using namespace row_parts;

Edit allow, ban, bias, sequence_bias, min_new, end_decay, string_ban;
Edit penalty, frequency, presence, dry, no_repeat, encoder_penalty, encoder_no_repeat;
Edit temp, beta, temp_dynamic, temp_top, temp_entropy, temp_schedule;
Edit mirostat_1, mirostat_2, adaptive_p;

Prepare prepare_token_set, prepare_allowed, prepare_sequence, prepare_ends, prepare_string_ban, prepare_dry,
    prepare_schedule;
Accept accept_string_ban, accept_schedule, accept_mirostat, accept_adaptive_p;
int unsettled_string_ban(const Params&, const StageContext&);

namespace {

std::vector<StageType> constraints() {
  return {
      {.name = "allow",
       .apply = allow,
       .parameters = {text("tokens", allowed_help)},
       .help = "only these tokens (or words:FILE), and those that end the text",
       .prepare = prepare_allowed},
      {.name = "ban",
       .apply = ban,
       .parameters = {text("tokens", token_set_help),
                      integer("first", 0, 0, inf, "holds for so many drawn tokens; 0: for all")},
       .help = "never these tokens",
       .prepare = prepare_token_set},
      {.name = "string-ban",
       .apply = string_ban,
       .parameters = {text("text", "what must not be written, however it is cut into tokens")},
       .help = "take the answer back to before this text and go on otherwise",
       .yields = true,
       .prepare = prepare_string_ban,
       .accept = accept_string_ban,
       .unsettled = unsettled_string_ban},
      {.name = "bias",
       .apply = bias,
       .parameters = {number("by", 0, -inf, 1e30, "added to their logits; -inf bans them"),
                      text("tokens", token_set_help)},
       .help = "move the logits of these tokens",
       .source = "OpenAI API, logit_bias",
       .below_zero = "a positive bias makes a token less likely there",
       .aliases = {"logit-bias"},
       .prepare = prepare_token_set},
      {.name = "sequence-bias",
       .apply = sequence_bias,
       .parameters = {number("by", 0, -inf, 1e30, "added to the last id's logit; -inf bans it there"),
                      text("ids", "token ids with spaces between, as in '485 794 6'")},
       .help = "move the logit of the token that would complete this sequence",
       .source = "transformers, SequenceBias and NoBadWords",
       .below_zero = "a positive bias makes a token less likely there",
       .prepare = prepare_sequence},
      {.name = "min-new",
       .apply = min_new,
       .parameters = {integer("n", 0, 0, inf, "tokens that are drawn before the text may end"), ends()},
       .help = "no end of the text before n tokens",
       .source = "transformers, min_new_tokens",
       .aliases = {"min-tokens", "min-new-tokens"},
       .once = true,
       .yields = true,
       .prepare = prepare_ends},
      {.name = "end-decay",
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

std::vector<StageType> histories() {
  return {
      {.name = "encoder-penalty",
       .apply = encoder_penalty,
       .parameters = {number("penalty", 1, 1e-6, 1e6,
                             "above 1: multiplies logits above 0, divides those below")},
       .help = "make tokens of the prompt likelier",
       .source = "transformers, encoder_repetition_penalty",
       .aliases = {"encoder-repetition-penalty"}},
      {.name = "penalty",
       .apply = penalty,
       .parameters = {number("repetition", 1, 1e-6, 1e6, "divides logits above 0, multiplies those below"),
                      number("presence", 0, -1e6, 1e6, "taken off once"),
                      number("frequency", 0, -1e6, 1e6, "taken off per occurrence"), last_tokens(-1),
                      which_history()},
       .help = "make tokens that were seen before less likely",
       .source = "Keskar et al. 2019, arXiv 1909.05858",
       .aliases = {"repetition-penalty", "repeat-penalty"}},
      {.name = "frequency",
       .apply = frequency,
       .parameters = {number("by", 0, -1e6, 1e6, "taken off per occurrence"), last_tokens(-1),
                      which_history()},
       .help = "lower tokens by how often they were seen",
       .source = "OpenAI API, frequency_penalty",
       .aliases = {"frequency-penalty"}},
      {.name = "presence",
       .apply = presence,
       .parameters = {number("by", 0, -1e6, 1e6, "taken off once"), last_tokens(-1), which_history()},
       .help = "lower tokens that were seen at all",
       .source = "OpenAI API, presence_penalty",
       .aliases = {"presence-penalty"}},
      {.name = "dry",
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
       .prepare = prepare_dry},
      {.name = "no-repeat",
       .apply = no_repeat,
       .parameters = {integer("n", 3, 0, 1e9, "length of the sequences; 0: off"), last_tokens(-1)},
       .help = "ban tokens that would repeat a sequence of n tokens",
       .source = "Paulus et al. 2017, arXiv 1705.04304",
       .below_zero = "holds at every temperature",
       .aliases = {"no-repeat-ngram", "no-repeat-ngram-size"}},
      {.name = "encoder-no-repeat",
       .apply = encoder_no_repeat,
       .parameters = {integer("n", 3, 0, 1e9, "length of the sequences; 0: off")},
       .help = "ban tokens that would repeat a sequence of n tokens of the prompt",
       .source = "transformers, encoder_no_repeat_ngram_size",
       .below_zero = "holds at every temperature",
       .aliases = {"encoder-no-repeat-ngram-size"}},
  };
}

std::vector<StageType> temperatures() {
  return {
      {.name = "temp",
       .apply = temp,
       .parameters = {number("temperature", 0.8, -inf, inf,
                             "T: 0 greedy, -0 the least likely, inf uniform, negative inverts"),
                      origin()},
       .help = "temperature",
       .source = "Boltzmann 1868",
       .below_zero = "turns the order round for all stages after it",
       .aliases = {"temperature"}},
      {.name = "beta",
       .apply = beta,
       .parameters = {number("beta", 1, -inf, inf, "1/T: inf greedy, 0 uniform, -inf the least likely"),
                      origin()},
       .help = "inverse temperature",
       .source = "Boltzmann 1868",
       .below_zero = "turns the order round for all stages after it"},
      {.name = "temp-dynamic",
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
       .apply = temp_top,
       .parameters = {number("low", 0.5, -1e9, 1e9, "where the likeliest token is certain"),
                      number("high", 1.5, -1e9, 1e9, "where it is most unlikely"),
                      number("exponent", 1, 0, 1e3, "of 1 - p_top")},
       .help = "temperature that falls with the probability of the likeliest token"},
      {.name = "temp-entropy",
       .apply = temp_entropy,
       .parameters = {number("target", 1.5, 0, inf, "entropy in nats"),
                      choice("side", {"positive", "negative"}, "sign of the temperature")},
       .help = "hold the entropy of every step at a target"},
      {.name = "temp-schedule",
       .apply = temp_schedule,
       .parameters = {text(
           "expression",
           "T as a function of step, position, n, H, varentropy, top, surprise and the text; as in "
           "'step % 8 == 0 ? -1 : 0.8' or 'last(16) ~ /brainstorm/ ? 1.5 : 0.3'")},
       .help = "temperature by an expression",
       .prepare = prepare_schedule,
       .accept = accept_schedule},
  };
}

std::vector<StageType> feedbacks() {
  return {
      {.name = "mirostat",
       .apply = mirostat_1,
       .parameters = {number("tau", 5, 0, 1e3, "surprise to hold, bits"),
                      number("rate", 0.1, 0, 1e3, "of learning")},
       .help = "hold the surprise near a target by a moving top-k",
       .source = "Basu et al. 2020, arXiv 2007.14966",
       .accept = accept_mirostat},
      {.name = "mirostat-2",
       .apply = mirostat_2,
       .parameters = {number("tau", 5, 0, 1e3, "surprise to hold, bits"),
                      number("rate", 0.1, 0, 1e3, "of learning")},
       .help = "hold the surprise near a target by a moving limit of surprise",
       .source = "Basu et al. 2020, arXiv 2007.14966",
       .aliases = {"mirostat-v2"},
       .accept = accept_mirostat},
      {.name = "adaptive-p",
       .apply = adaptive_p,
       .parameters = {number("target", 0.5, 0, 1, "probability to draw at"),
                      number("decay", 0.9, 0, 0.999, "of its memory, per token")},
       .help = "draw tokens whose probability is near a target that follows what was drawn",
       .source = "llama.cpp PR 17927",
       .accept = accept_adaptive_p},
  };
}

// What a negative temperature does to a stage, where its row says nothing of its own.
std::string usual_below_zero(Kind kind) {
  switch (kind) {
    case Kind::constraint:
      return "holds at every temperature";
    case Kind::history:
      return "lowers the raw logit, hence favours repetition; put it after the temperature to discourage it";
    case Kind::feedback:
      return "works on the distribution after the temperature, whose order is turned round";
    default:
      return {};
  }
}

// Rows of one kind, completed by what they have in common.
void append(std::vector<StageType>& all, Kind kind, std::vector<StageType> rows) {
  const bool on_raw_logits = kind == Kind::constraint || kind == Kind::history;
  for (StageType& row : rows) {
    row.kind = kind;
    row.may_empty = on_raw_logits;
    row.yields = row.yields || kind == Kind::history;
    row.once = row.once || kind == Kind::history || kind == Kind::feedback;
    row.last = kind == Kind::feedback;
    if (row.below_zero.empty()) row.below_zero = usual_below_zero(kind);
    all.push_back(std::move(row));
  }
}

}  // namespace

std::vector<StageType> built_in_samplers() {
  std::vector<StageType> all;
  append(all, Kind::constraint, constraints());
  append(all, Kind::history, histories());
  append(all, Kind::shaping, shapings());
  append(all, Kind::truncation, truncations());
  append(all, Kind::temperature, temperatures());
  append(all, Kind::feedback, feedbacks());
  return all;
}

}  // namespace kelvin::sampling
