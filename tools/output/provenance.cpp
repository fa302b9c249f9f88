#include "tools/output/provenance.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "tokenizer/unicode/escape.h"
#include "tokenizer/unicode/properties.h"
#include "tools/output/page_text.h"
#include "tools/output/svg_plot.h"

namespace kelvin {
namespace {

bool needs_no_quotes(std::string_view word) {
  return !word.empty() && word.front() != '=' && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("_%+=:,./-").find(c) != std::string_view::npos;
  });
}

constexpr std::size_t short_hash = 16;  // digits, in a line for people

bool is_plain(char32_t code) { return code != unicode::ill_formed && unicode::is_visible(code); }

// What there is to say but the command, by name.
std::vector<std::pair<const char*, std::string>> facts_of(const Provenance& of) {
  std::vector<std::pair<const char*, std::string>> facts = {{"tool", of.tool}, {"version", KELVIN_VERSION}};
  if (of.model) {
    facts.emplace_back("model", visible_text(of.model->name));
    facts.emplace_back("model_hash", of.model->hash);
    facts.emplace_back("weights", of.model->weights);
    facts.emplace_back("kv", of.model->kv);
  }
  if (of.seed) facts.emplace_back("seed", std::to_string(*of.seed));
  return facts;
}

}  // namespace

void write_origin(JsonWriter& json, const ModelOrigin& origin) {
  json.member("model", visible_text(origin.name)).member("model_hash", origin.hash);
  json.member("weights", origin.weights).member("kv", origin.kv);
}

ModelOrigin read_origin(const JsonValue& object) {
  const auto text = [&](const char* key) { return std::string(object.at(key).as_string()); };
  return {text("model"), text("model_hash"), text("weights"), text("kv")};
}

std::string fingerprint(const ModelOrigin& origin) {
  return "kelvin-" KELVIN_VERSION " " + origin.hash.substr(0, short_hash) + " " + origin.weights + " " +
         origin.kv;
}

void Provenance::set_seed(std::uint64_t value, bool drawn) {
  seed = value;
  if (drawn) command += " --seed " + std::to_string(value);
}

Provenance provenance_of(int argc, const char* const* argv) {
  Provenance result;
  result.tool = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "kelvin";
  result.command = shell_word(result.tool);
  for (int i = 1; i < argc; ++i) result.command += " " + shell_word(argv[i]);
  return result;
}

std::string shell_word(std::string_view word) {
  if (needs_no_quotes(word)) return std::string(word);
  std::string escaped;
  bool has_hidden = false;
  unicode::append_escaped(escaped, word, [&](char32_t code, std::string_view part) -> std::string {
    if (code == '\\' || code == '\'') return "\\" + std::string(part);
    if (is_plain(code)) return {};
    has_hidden = true;
    return code == '\n' ? "\\n" : code == '\t' ? "\\t" : unicode::escaped_bytes(part);
  });
  if (has_hidden) return "$'" + escaped + "'";
  std::string quoted = "'";
  for (const char c : word) c == '\'' ? quoted += "'\\''" : quoted += c;
  return quoted + "'";
}

std::string provenance_line(const Provenance& of) {
  std::string line = "Kelvin " KELVIN_VERSION;
  if (of.model)
    line += ", model " + visible_text(of.model->name) + " " + of.model->hash.substr(0, short_hash) +
            ", weights " + of.model->weights + ", kv " + of.model->kv;
  if (of.seed) line += ", seed " + std::to_string(*of.seed);
  return line + ": " + of.command + "\n";
}

std::string provenance_json(const Provenance& of) {
  JsonWriter json;
  json.begin_object().member("tool", of.tool).member("version", KELVIN_VERSION).member("command", of.command);
  if (of.model)
    write_origin(json, *of.model);
  else
    for (const char* absent : {"model", "model_hash", "weights", "kv"}) json.member(absent, nullptr);
  return json.member("seed", of.seed).end_object().text();
}

std::string with_provenance(std::string json_lines, const Provenance& of) {
  const std::size_t end = json_lines.rfind('}');
  if (end != json_lines.npos) json_lines.insert(end, ",\"provenance\":" + provenance_json(of));
  return json_lines;
}

std::string provenance_csv(const Provenance& of) {
  std::string lines;
  for (const auto& [key, value] : facts_of(of)) lines += "# " + std::string(key) + ": " + value + "\n";
  return lines + "# command: " + of.command + "\n";
}

std::string provenance_html(const Provenance& of) {
  std::string out = "<footer>\n<dl>";
  for (const auto& [key, value] : facts_of(of))
    out += "<div><dt>" + std::string(key) + "</dt><dd>" + escape_markup(value) + "</dd></div>";
  return out + "</dl>\n<pre>" + escape_markup(of.command) + "</pre>\n</footer>\n";
}

std::string provenance_svg(const Provenance& of) {
  std::string out = "<metadata>\n";
  for (const auto& [key, value] : facts_of(of)) out += std::string(key) + ": " + escape_markup(value) + "\n";
  return out + "command: " + escape_markup(of.command) + "\n</metadata>\n";
}

}  // namespace kelvin
