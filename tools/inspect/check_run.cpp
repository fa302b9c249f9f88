#include "tools/inspect/check_run.h"
#include <algorithm>
#include <ostream>

#include "engine/weights/config.h"
#include "loaders/files/load_error.h"
#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/inspect/golden_check.h"
#include "tools/options/model_folder_option.h"
#include "tools/options/model_origin.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

constexpr std::size_t max_shown = 10;  // positions that differ

struct Counts {
  std::size_t logits = 0, nll = 0, argmax = 0, argmax_agrees = 0;
};

Counts count(const SequenceCheck& check) {
  Counts n;
  for (const PositionCheck& p : check.positions) {
    n.logits += p.logits_error.has_value();
    n.nll += p.nll_error.has_value();
    n.argmax += p.expected_argmax.has_value();
    n.argmax_agrees += p.expected_argmax.has_value() && p.argmax_agrees;
  }
  return n;
}

// A sequence: what was compared and the largest errors, the positions that differ, the first layer that does.
std::string check_text(const SequenceCheck& check) {
  const Counts n = count(check);
  const std::size_t tokens = check.positions.size() + static_cast<std::size_t>(check.left_out);
  std::string text = printable(check.name) + ", " + std::to_string(tokens) + " tokens:";
  if (n.logits)
    text += formatted(" logits of %zu position%s within %.2g;", n.logits, n.logits == 1 ? "" : "s",
                      check.logits_error);
  if (n.nll) text += formatted(" -ln p of %zu within %.2g;", n.nll, check.nll_error);
  if (n.argmax) text += formatted(" argmax of %zu of %zu;", n.argmax_agrees, n.argmax);
  if (!check.stages.empty()) text += formatted(" hidden states of %zu stages;", check.stages.size());
  text += check.agrees ? " agrees\n" : " DIFFERS\n";
  if (check.left_out > 0)
    text += "  the first " + std::to_string(check.left_out) +
            " are left out: their RoPE frequencies depend on the length of the text\n";
  std::size_t shown = 0, differing = 0;
  for (const PositionCheck& p : check.positions) {
    if (p.agrees || ++differing > max_shown) continue;
    ++shown;
    text += formatted("  position %d (token %d):", p.position, p.id);
    if (p.logits_error) text += formatted(" logits off by %.2g", *p.logits_error);
    if (p.nll_error) text += formatted(" -ln p off by %.2g", *p.nll_error);
    if (!p.argmax_agrees) text += formatted(" argmax %d, expected %d", p.argmax, *p.expected_argmax);
    text += "\n";
  }
  if (differing > shown) text += "  and " + std::to_string(differing - shown) + " positions more\n";
  if (const StageCheck* first = check.first_difference())
    text += formatted("  first difference: %s, off by %.2g at position %d (largest number there: %.2g)\n",
                      first->name.c_str(), first->error, first->position, first->scale);
  else if (!check.agrees)
    text += check.stages.empty() ? "  the dump has no hidden states that would tell the layer\n"
                                 : "  every layer agrees: the difference is in the head\n";
  return text;
}

// One JSON line a position and one for the sequence.
std::string check_json(const SequenceCheck& check) {
  JsonWriter json;
  std::string lines;
  for (const PositionCheck& p : check.positions) {
    json.clear();
    json.begin_object().member("sequence", check.name).member("position", p.position).member("id", p.id);
    json.member("logits_error", p.logits_error).member("nll_error", p.nll_error);
    json.member("argmax", p.argmax).member("expected_argmax", p.expected_argmax);
    lines += json.member("agrees", p.agrees).end_object().text() + "\n";
  }
  const Counts n = count(check);
  json.clear();
  json.begin_object().member("sequence", check.name).member("compared", check.positions.size());
  json.member("left_out", check.left_out);
  json.member("max_logits_error", n.logits ? std::optional(check.logits_error) : std::nullopt);
  json.member("max_nll_error", n.nll ? std::optional(check.nll_error) : std::nullopt);
  json.member("argmax_compared", n.argmax).member("argmax_agrees", n.argmax_agrees);
  json.key("hidden").begin_array();
  for (const StageCheck& stage : check.stages) {
    json.begin_object().member("stage", stage.name).member("error", stage.error);
    json.member("scale", stage.scale).member("position", stage.position);
    json.member("agrees", stage.agrees).end_object();
  }
  const StageCheck* first = check.first_difference();
  json.end_array().member("first_difference", first ? std::optional(first->name) : std::nullopt);
  return lines + json.member("agrees", check.agrees).end_object().text() + "\n";
}

}  // namespace

void CheckFlags::add_to(Flags& flags) {
  flags.group("proof");
  flags.option(
      "check", "GOLDEN",
      "compare with a dump made by another implementation (a folder with manifest.json): exit status "
      "1 where logits, -ln p, argmax or hidden states differ, and the first layer that does",
      to(golden));
  flags.option("tolerance", "X", "for --check: of logits, absolute (default: the dump's own, or 0.001)",
               to(tolerance, 0.0, 1e30));
}

int run_check(std::ostream& out, const ModelFlags& flags, const CheckFlags& check, bool json,
              Provenance made) {
  const std::unique_ptr<Model> model = open_model_alone(flags);
  const ModelConfig& config = model->config();
  const GoldenDump dump = read_golden(*check.golden, {static_cast<std::size_t>(config.vocab_size),
                                                      static_cast<std::size_t>(config.hidden_size),
                                                      static_cast<std::size_t>(config.n_layers)});
  const double tolerance = check.tolerance.value_or(dump.tolerance.value_or(default_check_tolerance));
  bool agrees = true;
  double largest = 0;
  for (const GoldenSequence& golden : dump.sequences) {
    ProgressBar bar("forward", "tok");
    const SequenceCheck found = check_sequence(*model, golden, tolerance, bar.updates());
    bar.finish();
    agrees = agrees && found.agrees;
    largest = std::max(largest, found.logits_error);
    out << (json ? check_json(found) : check_text(found)) << std::flush;
  }
  made.model = origin_of(model_folder(flags.folder), *model, flags.load_options().lora);
  if (json) {
    JsonWriter line;
    line.begin_object().member("agrees", agrees).member("max_logits_error", largest);
    out << with_provenance(line.member("tolerance", tolerance).end_object().text(), made) << "\n";
  } else {
    out << (agrees ? "the model agrees with the dump" : "the model DIFFERS from the dump") << " (tolerance "
        << tolerance << ")\n"
        << provenance_line(made);
  }
  return agrees ? 0 : 1;
}

}  // namespace kelvin
