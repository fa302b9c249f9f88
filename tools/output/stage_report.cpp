#include "tools/output/stage_report.h"

#include <algorithm>
#include <cmath>

#include "loaders/json/json_writer.h"
#include "sampling/chain_text.h"
#include "tokenizer/base/formatted.h"
#include "tools/terminal/display_width.h"

namespace kelvin {

namespace {

// What is printed to two places, so that nothing prints as -0.00.
double hundredths(double x) { return std::round(100 * x) / 100 + 0.0; }

std::string percent(double p) {
  return p >= 1e-4 || p == 0 ? formatted("%.2f%%", 100 * p) : formatted("%.1e", p);
}

std::string standing(const TokenRank& s) {
  return s.rank == 0 ? "impossible" : percent(s.probability) + ", rank " + std::to_string(s.rank);
}

// Sentences, so that the table fits a terminal.
std::string removals(const Trace& trace, const TokenName& name) {
  std::string text;
  for (const StageTrace& stage : trace.stages) {
    if (stage.kept_last)
      text += "  " + stage.stage + " would have removed all tokens; the best was put back.\n";
    if (stage.kept_last || stage.removed == 0) continue;
    text += "  " + stage.stage +
            (stage.acted_first ? " acted before all others, which left it none, and" : "") + " removed ";
    if (stage.removed > 1)
      text += formatted("%zu tokens, together %s, the likeliest of them ", stage.removed,
                        percent(stage.removed_mass).c_str());
    text += name(stage.removed_top) + formatted(" (%s).\n", percent(stage.removed_top_probability).c_str());
  }
  return text;
}

// A line per row, columns padded to the widest cell and two apart. `alignment` holds 'l' or 'r' for each column.
std::string text_table(const std::vector<std::vector<std::string>>& rows, std::string_view alignment) {
  std::vector<int> widths(alignment.size(), 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_columns(row[i]));
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(static_cast<std::size_t>(widths[i] - display_columns(row[i])), ' ');
      line += (i > 0 ? "  " : "") + (alignment[i] == 'r' ? gap + row[i] : row[i] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string table(const Trace& trace, const Why& why, const TokenName& name) {
  const auto row = [&](const std::string& stage, const std::string& removed, const Snapshot& s,
                       const TokenRank& drawn) {
    return std::vector<std::string>{"  " + stage,
                                    std::to_string(s.possible),
                                    removed,
                                    formatted("%.4f", s.entropy),
                                    name(s.top) + " " + percent(s.top_probability),
                                    standing(drawn)};
  };
  std::vector<std::vector<std::string>> rows = {
      {"  stage", "possible", "removed", "entropy", "likeliest", "drawn: " + name(why.drawn.id)}};
  if (!trace.stages.empty()) rows.push_back(row("(model)", "", trace.stages[0].before, why.drawn.first));
  for (std::size_t i = 0; i < trace.stages.size(); ++i) {
    const StageTrace& stage = trace.stages[i];
    rows.push_back(row(stage.stage, stage.removed == 0 ? "-" : percent(stage.removed_mass), stage.after,
                       why.drawn.after[i]));
  }
  return text_table(rows, "lrrrll");
}

// What became of the model's likeliest token, where another one was drawn.
std::string fate_of_greedy(const Trace& trace, const Why& why, const TokenName& name) {
  const std::string drawn = name(why.drawn.id), greedy = name(why.greedy.id);
  if (why.removed_by >= 0)
    return "  " + trace.stages[static_cast<std::size_t>(why.removed_by)].stage + " removed " + greedy +
           ": the draw could not take it.\n";
  if (why.favoured_by < 0) return "  No stage moved the odds in favour of " + drawn + ".\n";
  const auto stage = static_cast<std::size_t>(why.favoured_by);
  const auto change = [&](const Contender& c) {
    const TokenRank& before = stage == 0 ? c.first : c.after[stage - 1];
    return name(c.id) + " from " + percent(before.probability) + " to " + percent(c.after[stage].probability);
  };
  return "  " + trace.stages[stage].stage + " moved the odds: " + change(why.greedy) + ", " +
         change(why.drawn) + ".\n";
}

std::string chance(double p) {
  if (p >= 0.5) return "the draw was likely to take it";
  return formatted("a draw takes it once in %.*f times", p < 0.1 ? 0 : 1, 1 / p);
}

std::string reasons(const Trace& trace, const Why& why, const TokenName& name) {
  const std::string drawn = name(why.drawn.id), greedy = name(why.greedy.id);
  std::string text = "  " + drawn + " had " + standing(why.drawn.first) + ", by the model and " +
                     standing(why.drawn.last) + ", at the end of the chain" +
                     (why.rival.id < 0 ? "" : ": " + chance(why.drawn.last.probability)) + ".\n";
  if (why.greedy.id == why.drawn.id)
    text += "  Greedy says the same: it is the model's likeliest token.\n";
  else
    text += "  Greedy would have said " + greedy + ": " + standing(why.greedy.first) + ", by the model; " +
            standing(why.greedy.last) + ", at the end.\n" + fate_of_greedy(trace, why, name);
  const auto sum = [&](const Contender& c) {
    return name(c.id) + formatted(" has %.2f %c %.2f = %.2f", hundredths(c.last.log_probability),
                                  c.gumbel < 0 ? '-' : '+', std::fabs(c.gumbel),
                                  hundredths(c.last.log_probability + c.gumbel));
  };
  if (why.rival.id < 0)
    text += "  No other token was left to draw.\n";
  else
    text += "  The draw takes the largest ln p + noise: " + sum(why.drawn) + "; the likeliest other, " +
            sum(why.rival) + ".\n";
  text += "  The same noise gives";
  for (const Why::Other& other : why.same_noise)
    text += (&other == &why.same_noise.front() ? " " : ", ") + name(other.drawn) +
            " at T = " + number_text(other.temperature);
  return text + ".\n";
}

void write_snapshot(JsonWriter& json, const char* name, const Snapshot& s) {
  json.key(name).begin_object().member("possible", s.possible).member("entropy", s.entropy);
  json.member("top", s.top).member("top_p", s.top_probability).end_object();
}

void write_standing(JsonWriter& json, const char* name, const TokenRank& s) {
  json.key(name).begin_object().member("p", s.probability).member("rank", s.rank).end_object();
}

}  // namespace

std::string stage_report_text(const Trace& trace, const Why& why, const TokenName& name) {
  return table(trace, why, name) + removals(trace, name) + reasons(trace, why, name);
}

std::string stage_report_json(const StageReport& report) {
  const Why& why = report.why;
  JsonWriter json;
  json.begin_object().member("row", report.row).member("position", report.position);
  json.member("seed", report.seed).key("stages").begin_array();
  for (std::size_t i = 0; i < report.trace.stages.size(); ++i) {
    const StageTrace& stage = report.trace.stages[i];
    json.begin_object().member("stage", stage.stage).member("removed", stage.removed);
    json.member("removed_mass", stage.removed_mass);
    json.member("removed_top", stage.removed_top < 0 ? std::nullopt : std::optional(stage.removed_top));
    json.member("removed_top_p", stage.removed_top_probability).member("rescued", stage.kept_last);
    json.member("acted_first", stage.acted_first);
    write_snapshot(json, "before", stage.before);
    write_snapshot(json, "after", stage.after);
    write_standing(json, "drawn", why.drawn.after[i]);
    json.end_object();
  }
  json.end_array().member("drawn", why.drawn.id);
  write_standing(json, "raw", why.drawn.first);
  write_standing(json, "final", why.drawn.last);
  json.member("greedy", why.greedy.id).key("same_luck").begin_array();
  for (const Why::Other& other : why.same_noise)
    json.begin_object().member("temperature", other.temperature).member("drawn", other.drawn).end_object();
  return json.end_array().end_object().text();
}

std::string thermo_json(std::size_t row, const Thermo& t) {
  JsonWriter json;
  json.begin_object().member("row", row).member("beta", t.beta).member("log_z", t.log_z);
  json.member("log_z_shifted", t.log_z_shifted).member("mean_logit", t.mean);
  json.member("var", unless_nan(t.variance)).member("heat_capacity", unless_nan(t.heat_capacity));
  json.member("entropy", t.entropy).member("free_energy", unless_nan(t.free_energy));
  return json.end_object().text();
}

}  // namespace kelvin
