#include "tools/report/stage_report.h"

#include <algorithm>
#include <cstdio>

#include "loaders/json_writer.h"
#include "sampling/chain_text.h"

namespace kelvin {

namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
  std::string text(static_cast<std::size_t>(std::snprintf(nullptr, 0, pattern, values...)), '\0');
  std::snprintf(text.data(), text.size() + 1, pattern, values...);
  return text;
}

std::string percent(double p) {
  return format(p >= 1e-4 || p == 0 ? "%.2f%%" : "%.1e", p >= 1e-4 || p == 0 ? 100 * p : p);
}

std::string line_of(const std::string& name, int width, const std::string& removed, const Snapshot& s) {
  return format("  %-*s %9zu  %-42s %9.4f  %d (%s)\n", width, name.c_str(), s.possible, removed.c_str(),
                s.entropy, s.top, percent(s.top_probability).c_str());
}

std::string removed_of(const StageTrace& stage) {
  if (stage.rescued) return "all but the best, put back";
  if (stage.removed == 0) return "-";
  return format("%zu of mass %s, likeliest %d (%s)", stage.removed, percent(stage.removed_mass).c_str(),
                stage.removed_top, percent(stage.removed_top_probability).c_str());
}

JsonWriter& number_or_null(JsonWriter& json, std::string_view name, double value) {
  json.key(name);
  return value != value ? json.value(nullptr) : json.value(value);
}

void write_snapshot(JsonWriter& json, const char* name, const Snapshot& s) {
  json.key(name).begin_object().member("possible", s.possible).member("entropy", s.entropy);
  json.member("top", s.top).member("top_p", s.top_probability).end_object();
}

void write_standing(JsonWriter& json, const char* name, const Standing& s) {
  json.key(name).begin_object().member("p", s.probability).member("rank", s.rank).end_object();
}

}  // namespace

std::string stage_report_text(const StageReport& report) {
  const Trace& trace = report.trace;
  const Why& why = report.why;
  int width = 5;
  for (const StageTrace& stage : trace.stages) width = std::max(width, static_cast<int>(stage.stage.size()));
  std::string text = format("row %zu, position %zu, seed %llu\n", report.row, report.position,
                            static_cast<unsigned long long>(report.seed));
  text += format("  %-*s %9s  %-42s %9s  %s\n", width, "stage", "possible", "removed", "entropy", "top");
  if (!trace.stages.empty()) text += line_of("(raw)", width, "", trace.stages.front().before);
  for (const StageTrace& stage : trace.stages)
    text += line_of(stage.stage, width, removed_of(stage), stage.after);
  text += format("  drawn %d: p %s, rank %zu among the raw logits; p %s, rank %zu at the end; greedy %d\n",
                 why.drawn, percent(why.first.probability).c_str(), why.first.rank,
                 percent(why.last.probability).c_str(), why.last.rank, why.greedy);
  text += "  same luck:";
  for (const Why::Other& other : why.same_luck)
    text += format(" %d at T %s%s", other.drawn, number_text(other.temperature).c_str(),
                   &other == &why.same_luck.back() ? "\n" : ",");
  return text;
}

std::string stage_report_json(const StageReport& report) {
  const Why& why = report.why;
  JsonWriter json;
  json.begin_object()
      .member("row", report.row)
      .member("position", report.position)
      .member("seed", report.seed);
  json.key("stages").begin_array();
  for (const StageTrace& stage : report.trace.stages) {
    json.begin_object()
        .member("stage", stage.stage)
        .member("removed", stage.removed)
        .member("removed_mass", stage.removed_mass);
    json.key("removed_top");
    stage.removed_top < 0 ? json.value(nullptr) : json.value(stage.removed_top);
    json.member("removed_top_p", stage.removed_top_probability).member("rescued", stage.rescued);
    write_snapshot(json, "before", stage.before);
    write_snapshot(json, "after", stage.after);
    json.end_object();
  }
  json.end_array().member("drawn", why.drawn);
  write_standing(json, "raw", why.first);
  write_standing(json, "final", why.last);
  json.member("greedy", why.greedy).key("same_luck").begin_array();
  for (const Why::Other& other : why.same_luck)
    json.begin_object().member("temperature", other.temperature).member("drawn", other.drawn).end_object();
  return json.end_array().end_object().text();
}

std::string thermo_json(std::size_t row, const Thermo& t) {
  JsonWriter json;
  json.begin_object().member("row", row).member("beta", t.beta).member("log_z", t.log_z);
  json.member("log_z_shifted", t.log_z_shifted).member("mean_logit", t.mean);
  number_or_null(json, "var", t.variance);
  number_or_null(json, "heat_capacity", t.heat_capacity);
  json.member("entropy", t.entropy);
  return number_or_null(json, "free_energy", t.free_energy).end_object().text();
}

}  // namespace kelvin
