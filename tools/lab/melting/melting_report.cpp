#include "tools/lab/melting/melting_report.h"

#include <cmath>
#include <utility>

#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/lab/thermometer/lab_fit.h"
#include "tools/output/html_page.h"
#include "tools/output/page_text.h"

namespace kelvin {
namespace {

std::string with_error(const Estimate& e, const char* format = "%.3f") {
  if (std::isnan(e.value)) return "-";
  const std::string value = formatted(format, e.value);
  return std::isnan(e.error) ? value : value + " +- " + formatted("%.2g", e.error);
}

JsonWriter& write(JsonWriter& json, const char* name, const Estimate& e) {
  return json.member(name, unless_nan(e.value)).member(std::string(name) + "_se", unless_nan(e.error));
}

const std::pair<const char*, HeatCapacity> kinds[] = {{"response dE/dT", HeatCapacity::response},
                                                      {"fluctuation Var E / T^2", HeatCapacity::fluctuation},
                                                      {"single steps", HeatCapacity::steps}};

const std::optional<Transition>& transition_of(const MeltingReport& report, HeatCapacity kind) {
  return kind == HeatCapacity::response      ? report.response
         : kind == HeatCapacity::fluctuation ? report.fluctuation
                                             : report.steps;
}

std::string transition_words(const MeltingReport& report) {
  std::string words;
  for (const auto& [name, kind] : kinds) {
    const auto& found = transition_of(report, kind);
    if (!found)
      words += std::string(name) + " has no peak among these temperatures. ";
    else
      words += std::string(name) +
               formatted(" peaks at T = %.3f, %.3g per token (", found->temperature, found->height) +
               (std::isnan(found->error) ? "without one of the texts it would lie at an end). "
                                         : formatted("+- %.2g). ", found->error));
  }
  words.pop_back();
  return words;
}

double temperature_of(const MeltingPoint& p) { return 1 / p.beta; }

PlotAxis t_axis() {
  PlotAxis axis{"T", false};
  axis.name_of = [](double t) { return formatted("T = %.4g", t); };
  return axis;
}

// A line, and its 95 % limits dashed in its colour.
void add_estimates(Plot& plot, const MeltingReport& report, const std::string& name,
                   Estimate MeltingPoint::*of) {
  PlotSeries line{name}, low{"", {}, PlotSeries::Style::dashed}, high = low;
  low.like = high.like = plot.series.size();
  for (const MeltingPoint& p : report.points) {
    const Estimate e = p.*of;
    line.points.emplace_back(temperature_of(p), e.value);
    low.points.emplace_back(temperature_of(p), e.value - 1.96 * e.error);
    high.points.emplace_back(temperature_of(p), e.value + 1.96 * e.error);
  }
  plot.series.push_back(line);
  plot.series.push_back(low);
  plot.series.push_back(high);
}

// Of some eight temperatures, so that curves can be told apart.
template <class Add>
void for_some(const MeltingReport& report, const Add& add) {
  const std::size_t step = (report.points.size() + 7) / 8;
  for (std::size_t i = 0; i < report.points.size(); i += step)
    add(report.points[i], "T = " + temperature_text(report.points[i].beta));
}

}  // namespace

MeltingReport melting_report(const MeltingTexts& texts) {
  return {texts, melting_points(texts.units), transition(texts.units, HeatCapacity::response),
          transition(texts.units, HeatCapacity::fluctuation), transition(texts.units, HeatCapacity::steps)};
}

std::string melting_table(const MeltingReport& report) {
  std::string out =
      "         T                E                S         response      fluctuation      steps            "
      "drift\n";
  for (const MeltingPoint& p : report.points)
    out +=
        formatted("%10s %16s %16s %16s %16s %10.3f %16s\n", temperature_text(p.beta).c_str(),
                  with_error(p.energy).c_str(), with_error(p.entropy).c_str(), with_error(p.response).c_str(),
                  with_error(p.fluctuation).c_str(), p.steps.value, with_error(p.drift).c_str());
  if (report.points.empty()) return out;
  const MeltingPoint& p = report.points.front();
  return out +
         formatted("%zu texts of %zu tokens at each temperature, +- one standard error; nats per token\n",
                   p.texts, p.tokens) +
         transition_words(report) + "\n";
}

std::string melting_json(const MeltingReport& report) {
  std::string out;
  for (const MeltingUnit& unit : report.texts.units)
    for (const DrawnText& text : unit.texts) out += text_json(unit.beta, text) + "\n";
  for (const MeltingPoint& p : report.points) {
    JsonWriter json;
    json.begin_object().member("type", "point").member("T", 1 / p.beta).member("beta", p.beta);
    json.member("texts", p.texts).member("tokens", p.tokens);
    write(json, "energy", p.energy);
    write(json, "entropy", p.entropy);
    write(json, "response", p.response);
    write(json, "fluctuation", p.fluctuation);
    write(json, "steps", p.steps);
    write(json, "difference", p.difference);
    write(json, "drift", p.drift);
    json.member("along", p.along).key("correlation").begin_array();
    for (const double c : p.correlation) json.value(unless_nan(c));
    json.end_array().key("by_size").begin_array();
    for (const Estimate& e : p.by_size) {
      json.begin_object();
      write(json, "fluctuation", e).end_object();
    }
    out += json.end_array().end_object().text() + "\n";
  }
  JsonWriter json;
  json.begin_object().member("type", "transition");
  for (const auto& [name, kind] :
       {std::pair("response", HeatCapacity::response), std::pair("fluctuation", HeatCapacity::fluctuation),
        std::pair("steps", HeatCapacity::steps)}) {
    const auto& found = transition_of(report, kind);
    json.key(name);
    if (!found) {
      json.value(nullptr);
      continue;
    }
    json.begin_object().member("T", found->temperature).member("T_se", unless_nan(found->error));
    json.member("height", found->height).end_object();
  }
  return out + json.member("in_words", transition_words(report)).end_object().text() + "\n";
}

std::vector<Plot> melting_plots(const MeltingReport& report) {
  Plot energy{"energy and entropy of the texts", t_axis(), {"nats per token"}};
  add_estimates(energy, report, "E, of the tokens that came", &MeltingPoint::energy);
  add_estimates(energy, report, "S, mean of the steps", &MeltingPoint::entropy);
  Plot heat{"heat capacities: how E answers, and how it fluctuates", t_axis(), {"per token"}};
  add_estimates(heat, report, "response dE/dT", &MeltingPoint::response);
  add_estimates(heat, report, "Var E / T²", &MeltingPoint::fluctuation);
  add_estimates(heat, report, "single steps", &MeltingPoint::steps);
  PlotSeries check{"E at the neighbours", {}, PlotSeries::Style::points};
  for (const MeltingPoint& p : report.points)
    check.points.emplace_back(temperature_of(p), p.difference.value);
  heat.series.push_back(check);
  Plot along{"energy along the text", {"part of the text, eighths", false}, {"E per token"}};
  Plot correlation{"correlation of energies at a distance", {"tokens between", true}, {"correlation"}};
  for_some(report, [&](const MeltingPoint& p, const std::string& name) {
    PlotSeries parts{name}, distances{name};
    for (std::size_t i = 0; i < p.along.size(); ++i)
      parts.points.emplace_back(static_cast<double>(i + 1), p.along[i]);
    for (std::size_t i = 0; i < p.correlation.size(); ++i)
      distances.points.emplace_back(static_cast<double>(std::size_t{1} << i), p.correlation[i]);
    along.series.push_back(parts);
    correlation.series.push_back(distances);
  });
  Plot sizes{"fluctuation by the length of the text", t_axis(), {"Var E / T², per token"}};
  for (std::size_t size = 0; size < 3; ++size) {
    PlotSeries line{size == 0 ? "a quarter" : size == 1 ? "half" : "whole"};
    for (const MeltingPoint& p : report.points)
      if (size < p.by_size.size()) line.points.emplace_back(temperature_of(p), p.by_size[size].value);
    sizes.series.push_back(line);
  }
  return {energy, heat, along, correlation, sizes};
}

std::string melting_html(const MeltingReport& report, const Provenance& provenance) {
  std::string body =
      "<p>" + escape_markup(with_signs(transition_words(report))) + "</p>\n<p>" +
      "E is what the tokens that came cost the model itself, −ln p at T = 1. The response is exact for texts "
      "that are drawn token by "
      "token; the fluctuation would equal it if E alone decided what comes; the single steps are what a "
      "forward pass over a text sees. Dashed: 95 %. Compare Nakaishi, Nishikawa and Hukushima, arXiv "
      "2406.05335, for correlations and lengths, and Mikhaylovskiy, arXiv 2601.02320.</p>\n";
  body += html_plots(melting_plots(report));
  std::vector<std::vector<std::string>> rows;
  for (const MeltingPoint& p : report.points)
    rows.push_back({number_cell(temperature_of(p)), number_cell(p.energy.value), number_cell(p.energy.error),
                    number_cell(p.entropy.value), number_cell(p.response.value),
                    number_cell(p.response.error), number_cell(p.fluctuation.value),
                    number_cell(p.fluctuation.error), number_cell(p.steps.value),
                    number_cell(p.difference.value), number_cell(p.drift.value), number_cell(p.drift.error)});
  body += "<h2>All temperatures</h2>\n" +
          html_table({"T", "E", "±", "S", "response", "±", "Var E / T²", "±", "steps", "ΔE/ΔT", "drift", "±"},
                     rows);
  return html_of({"Melting curves", body, "", "", provenance_html(provenance)});
}

}  // namespace kelvin
