// The documentation, made from the registry's rows.
#include "sampling/chain_text.h"
#include "sampling/registry.h"

namespace kelvin {

namespace {

constexpr double unlimited = std::numeric_limits<double>::infinity();

std::string values_of(const Parameter& p) {
  if (p.is_text) {
    std::string all;
    for (const std::string& choice : p.choices) all += (all.empty() ? "" : "|") + choice;
    return all.empty() ? "text" : all;
  }
  if (p.min == -unlimited && p.max == unlimited) return "any";
  return number_text(p.min) + ".." + number_text(p.max);
}

std::string default_of(const Parameter& p) {
  return p.is_text ? p.default_text : number_text(p.default_value);
}

// What a negative temperature does to the stage, where its row says nothing of its own.
std::string below_zero_of(const StageType& type) {
  if (!type.below_zero.empty()) return type.below_zero;
  const bool looks_at_order = type.kind == Kind::truncation || type.kind == Kind::shaping;
  return looks_at_order ? "before the temperature: on the model's order; after it: mirrored" : "";
}

std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? "\\|" : std::string(1, c);
  return escaped;
}

}  // namespace

std::string stage_markdown() {
  std::string all =
      "| stage | what it does | parameters (range, default) | at beta < 0 | source |\n"
      "|---|---|---|---|---|\n";
  for (const StageType& type : stage_types()) {
    std::string parameters;
    for (const Parameter& p : type.parameters) {
      parameters += (parameters.empty() ? "`" : "; `") + p.name + "` " + values_of(p);
      if (!default_of(p).empty()) parameters += ", " + default_of(p);
    }
    all += "| `" + type.name + "` | " + cell(type.help) + " | " + cell(parameters) + " | " +
           cell(below_zero_of(type)) + " | " + cell(type.source) + " |\n";
  }
  return all;
}

}  // namespace kelvin
