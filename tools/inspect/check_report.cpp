#include "tools/inspect/check_report.h"

#include <algorithm>
#include <cstdio>

#include "loaders/files/load_error.h"
#include "loaders/json/json_writer.h"

namespace kelvin {
namespace {

constexpr std::size_t max_shown = 10;  // positions that differ

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}

void optional_number(JsonWriter& json, std::string_view name, const auto& value) {
  json.key(name);
  value ? json.value(*value) : json.value(nullptr);
}

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

}  // namespace

std::string check_text(const SequenceCheck& check) {
  const Counts n = count(check);
  const std::size_t tokens = check.positions.size() + static_cast<std::size_t>(check.left_out);
  std::string text = printable(check.name) + ", " + std::to_string(tokens) + " tokens:";
  if (n.logits)
    text += " logits of " + std::to_string(n.logits) + (n.logits == 1 ? " position" : " positions") +
            " within " + number(check.logits_error) + ";";
  if (n.nll) text += " -ln p of " + std::to_string(n.nll) + " within " + number(check.nll_error) + ";";
  if (n.argmax)
    text += " argmax of " + std::to_string(n.argmax_agrees) + " of " + std::to_string(n.argmax) + ";";
  if (!check.stages.empty()) text += " hidden states of " + std::to_string(check.stages.size()) + " stages;";
  text += check.agrees ? " agrees\n" : " DIFFERS\n";
  if (check.left_out > 0)
    text += "  the first " + std::to_string(check.left_out) +
            " are left out: their RoPE frequencies depend on the length of the text\n";
  std::size_t shown = 0, differing = 0;
  for (const PositionCheck& p : check.positions) {
    if (p.agrees || ++differing > max_shown) continue;
    ++shown;
    text += "  position " + std::to_string(p.position) + " (token " + std::to_string(p.id) + "):";
    if (p.logits_error) text += " logits off by " + number(*p.logits_error);
    if (p.nll_error) text += " -ln p off by " + number(*p.nll_error);
    if (!p.argmax_agrees)
      text += " argmax " + std::to_string(p.argmax) + ", expected " + std::to_string(*p.expected_argmax);
    text += "\n";
  }
  if (differing > shown) text += "  and " + std::to_string(differing - shown) + " positions more\n";
  if (const StageCheck* first = check.first_difference())
    text += "  first difference: " + first->name + ", off by " + number(first->error) + " at position " +
            std::to_string(first->position) + " (largest number there: " + number(first->scale) + ")\n";
  else if (!check.agrees)
    text += check.stages.empty() ? "  the dump has no hidden states that would tell the layer\n"
                                 : "  every layer agrees: the difference is in the head\n";
  return text;
}

std::string check_json(const SequenceCheck& check) {
  JsonWriter json;
  std::string lines;
  for (const PositionCheck& p : check.positions) {
    json.clear();
    json.begin_object().member("sequence", check.name).member("position", p.position).member("id", p.id);
    optional_number(json, "logits_error", p.logits_error);
    optional_number(json, "nll_error", p.nll_error);
    json.member("argmax", p.argmax);
    optional_number(json, "expected_argmax", p.expected_argmax);
    lines += json.member("agrees", p.agrees).end_object().text() + "\n";
  }
  const Counts n = count(check);
  json.clear();
  json.begin_object().member("sequence", check.name).member("compared", check.positions.size());
  json.member("left_out", check.left_out);
  json.key("max_logits_error");
  n.logits ? json.value(check.logits_error) : json.value(nullptr);
  json.key("max_nll_error");
  n.nll ? json.value(check.nll_error) : json.value(nullptr);
  json.member("argmax_compared", n.argmax).member("argmax_agrees", n.argmax_agrees);
  json.key("hidden").begin_array();
  for (const StageCheck& stage : check.stages) {
    json.begin_object().member("stage", stage.name).member("error", stage.error);
    json.member("scale", stage.scale).member("position", stage.position);
    json.member("agrees", stage.agrees).end_object();
  }
  json.end_array().key("first_difference");
  const StageCheck* first = check.first_difference();
  first ? json.value(first->name) : json.value(nullptr);
  return lines + json.member("agrees", check.agrees).end_object().text() + "\n";
}

}  // namespace kelvin
