#include "tools/lab/thermometer/thermometer_page.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "engine/platform/available_processors.h"
#include "engine/platform/in_parallel.h"
#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/lab/thermometer/thermometer_page.css.h"
#include "tools/lab/thermometer/thermometer_page.js.h"
#include "tools/output/html_page.h"
#include "tools/output/page_text.h"
#include "tools/output/svg_plot.h"
#include "tools/output/temperature_axis.h"

namespace kelvin {
namespace {

constexpr std::size_t max_tokens = 12000;

Plot cost_plot(const LabText& text, const TemperatureFit& fit) {
  Plot plot{"what the text costs at every temperature", temperature_axis(), {"nats per token"}};
  PlotSeries cost{"surprise of the text"};
  const double count = static_cast<double>(text.steps.size());
  constexpr int points = 81;
  cost.points.resize(points);
  in_parallel(points, available_processors(), [&](std::size_t i) {
    const double place = -1 + 2.0 * static_cast<double>(i + 1) / (points + 1);
    cost.points[i] = {place, text_statistics(text.steps, beta_at(place)).nll / count};
  });
  const double uniform = text_statistics(text.steps, 0).nll / count;
  plot.series.push_back(cost);
  if (!std::isnan(fit.beta))
    plot.series.push_back({"T* = " + temperature_text(fit.beta),
                           {{place_of(fit.beta), fit.nll / count}},
                           PlotSeries::Style::points});
  plot.y.low = 0;
  plot.y.high = std::max(1e-3, 1.5 * uniform);
  return plot;
}

Plot reliability_plot(const LabText& text, const TemperatureFit& fit, const ThermometerFormat& format) {
  Plot plot{"reliability: does the model know how sure it may be?",
            {"confidence: probability of its first choice", false, 0.0, 1.0},
            {"how often that token came", false, 0.0, 1.0},
            {{"calibrated", {{0, 0}, {1, 1}}, PlotSeries::Style::dashed}}};
  const auto add = [&](const std::string& name, double beta) {
    PlotSeries line{name};
    for (const ReliabilityBin& bin : reliability_bins(text, beta, format))
      line.points.emplace_back(bin.confidence, bin.accuracy);
    plot.series.push_back(line);
  };
  add("T = 1", 1.0);
  if (!std::isnan(fit.beta)) add("T = " + temperature_text(fit.beta), fit.beta);
  return plot;
}

Plot window_plot(const LabText& text, const TemperatureFit& fit, int size) {
  Plot plot{"temperature along the text, windows of " + std::to_string(size) + " tokens",
            {"position"},
            {"beta* = 1/T*"}};
  PlotSeries line{"beta*"}, errors{"+- one robust error", {}, PlotSeries::Style::dashed},
      whole{"the whole text", {}, PlotSeries::Style::dashed};
  std::vector<std::pair<double, double>> above;
  for_each_window(text.steps.size(), size, [&](std::size_t first, std::size_t count) {
    const TemperatureFit part = fit_temperature(std::span(text.steps).subspan(first, count));
    const double at = text.facts[first].position + static_cast<double>(count) / 2;
    line.points.emplace_back(at, part.beta);
    errors.points.emplace_back(at, part.beta - part.robust_error);
    above.emplace_back(at, part.beta + part.robust_error);
    if (std::isfinite(fit.beta)) whole.points.emplace_back(at, fit.beta);
  });
  // The line below and, after a gap, the line above.
  errors.points.emplace_back(std::nan(""), 0);
  errors.points.insert(errors.points.end(), above.begin(), above.end());
  plot.series = {line, errors, whole};
  return plot;
}

std::string tokens_json(const LabText& text, const Tokenizer* tokenizer, std::size_t count) {
  const auto rounded = [](double value) { return std::round(value * 1e4) / 1e4; };
  std::vector<TokenLine> lines(count);
  in_parallel(count, available_processors(), [&](std::size_t t) { lines[t] = token_line(text.steps[t]); });
  JsonWriter json;
  json.begin_array();
  for (std::size_t t = 0; t < count; ++t) {
    const TokenLine& line = lines[t];
    const int id = text.facts[t].id;
    json.begin_array().value(tokenizer ? tokenizer->decode(std::span(&id, 1)) : std::to_string(id) + " ");
    json.value(id).value(rounded(line.surprise)).value(rounded(line.entropy)).value(text.facts[t].rank);
    json.value(unless_nan(rounded(line.fit.beta))).end_array();
  }
  return json_for_script(json.end_array().text());
}

}  // namespace

std::string thermometer_html(const LabText& text, const TemperatureFit& fit, const Tokenizer* tokenizer,
                             const ThermometerFormat& format, const Provenance& provenance) {
  std::vector<std::vector<std::string>> rows;
  const auto cost_row = [&](const std::string& name, double nll) {
    const TextCost cost = text_cost(text, nll);
    rows.push_back({name, formatted("%.5f", cost.nats_per_token), formatted("%.5g", cost.perplexity),
                    formatted("%.5f", cost.bits_per_token),
                    cost.bits_per_byte ? formatted("%.5f", *cost.bits_per_byte) : "-"});
  };
  cost_row("T = 1", text_statistics(text.steps, 1.0).nll);
  if (!std::isnan(fit.beta)) cost_row("T = " + temperature_text(fit.beta), fit.nll);
  std::string body = "<p>" + escape_markup(description_of(text)) + "</p>\n<pre>" +
                     escape_markup(verdict_of(fit)) + "</pre>\n" +
                     html_table({"at", "nats/token", "perplexity", "bits/token", "bits/byte"}, rows);
  const int window = format.window.value_or(
      std::max(20, static_cast<int>(std::min<std::size_t>(text.steps.size(), 1u << 20) / 24)));
  body += html_plots(
              {cost_plot(text, fit), reliability_plot(text, fit, format), window_plot(text, fit, window)}) +
          "<h2>The text</h2>\n";
  const std::size_t count = std::min(text.steps.size(), max_tokens);
  if (count < text.steps.size())
    body += formatted("<p class=\"soft\">The first %zu of %zu tokens.</p>\n", count, text.steps.size());
  body +=
      "<div class=\"how\" role=\"radiogroup\" aria-label=\"colour\">colour:"
      "<label><input type=\"radio\" name=\"how\" value=\"temperature\" checked> own temperature (blue below "
      "1, "
      "red above, purple negative)</label>";
  for (const char* how : {"surprise", "entropy", "rank"})
    body += formatted("<label><input type=\"radio\" name=\"how\" value=\"%s\"> %s</label>", how, how);
  body +=
      "</div>\n<div class=\"text\" id=\"text\"></div>\n<div class=\"facts\" id=\"facts\" "
      "aria-live=\"polite\">Click a "
      "token, or go through them with the arrow keys.</div>\n";
  std::size_t vocabulary = 2;
  for (const ObservedStep& step : text.steps) vocabulary = std::max(vocabulary, step.states.possible());
  const std::string data = "const vocabulary = " + std::to_string(vocabulary) +
                           ", tokens = " + tokens_json(text, tokenizer, count) + ";\n";
  return html_of({"The temperature of " + text.name, body, std::string(assets::thermometer_page_css),
                  data + std::string(assets::thermometer_page_js), provenance_html(provenance)});
}

}  // namespace kelvin
