#include "tools/lab/thermometer/thermometer_page.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <sstream>

#include "engine/platform/available_processors.h"
#include "engine/platform/in_parallel.h"
#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/lab/thermometer/thermometer_page.css.h"
#include "tools/lab/thermometer/thermometer_page.html.h"
#include "tools/lab/thermometer/thermometer_page.js.h"
#include "tools/lab/thermometer/thermometer_words.h"
#include "tools/output/html_page.h"
#include "tools/output/page_text.h"

namespace kelvin {
namespace {

constexpr std::size_t max_tokens = 12000;

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

// What each text costs at T = 1 and at its own temperature.
std::string cost_table(std::span<const FittedText> texts) {
  std::vector<std::vector<std::string>> rows;
  for (const FittedText& of : texts) {
    const auto add = [&](const std::string& at, double nll) {
      const TextCost cost = text_cost(of.text, nll);
      rows.push_back({of.text.name, at, formatted("%.5f", cost.nats_per_token),
                      number_cell(cost.perplexity, "%.5g"), formatted("%.5f", cost.bits_per_token),
                      cost.bits_per_byte ? formatted("%.5f", *cost.bits_per_byte) : "-"});
    };
    add("T = 1", text_statistics(of.text.steps, 1.0).nll);
    if (!std::isnan(of.fit.beta)) add("T* = " + with_signs(temperature_text(of.fit.beta)), of.fit.nll);
  }
  return html_table({"text", "at", "nats/token", "perplexity", "bits/token", "bits/byte"}, rows);
}

}  // namespace

std::string thermometer_html(const FittedText& of, const Tokenizer* tokenizer,
                             const ThermometerFormat& format, const Provenance& provenance) {
  const LabText& text = of.text;
  std::string body = "<p>" + escape_markup(description_of(text)) + "</p>\n<pre>" +
                     escape_markup(with_signs(verdict_of(of.fit))) + "</pre>\n<p>" +
                     escape_markup(temperature_in_words(text, of.fit)) + "</p>\n<p>" +
                     escape_markup(calibration_in_words(of.calibration)) + "</p>\n" +
                     cost_table(std::span(&of, 1));
  body += html_plots(thermometer_plots(std::span(&of, 1), format)) + "<h2>The text</h2>\n";
  const std::size_t count = std::min(text.steps.size(), max_tokens);
  if (count < text.steps.size())
    body += formatted("<p class=\"soft\">The first %zu of %zu tokens.</p>\n", count, text.steps.size());
  body += assets::thermometer_page_html;
  std::size_t vocabulary = 2;
  for (const ObservedStep& step : text.steps) vocabulary = std::max(vocabulary, step.states.possible());
  const std::string data = "const vocabulary = " + std::to_string(vocabulary) +
                           ", tokens = " + tokens_json(text, tokenizer, count) + ";\n";
  return html_of({"The temperature of " + text.name, body, std::string(assets::thermometer_page_css),
                  data + std::string(assets::thermometer_page_js), provenance_html(provenance)});
}

std::string comparison_html(std::span<const FittedText> texts, const ThermometerFormat& format,
                            const Provenance& provenance) {
  std::string body;
  for (const FittedText& of : texts)
    body += "<p>" + escape_markup(description_of(of.text)) + "</p>\n<pre>" +
            escape_markup(with_signs(verdict_of(of.fit))) + "</pre>\n<p>" +
            escape_markup(temperature_in_words(of.text, of.fit)) + "</p>\n";
  const FitComparison compared = compare_fits(texts[0].text, texts[1].text);
  std::ostringstream figures;
  report_comparison(figures, texts[0].text, texts[1].text, compared, false);
  body += "<h2>Do they differ?</h2>\n<pre>" + escape_markup(with_signs(figures.str())) + "</pre>\n<p>" +
          escape_markup(comparison_in_words(texts[0].text.name, texts[1].text.name, compared)) + "</p>\n" +
          cost_table(texts) + html_plots(thermometer_plots(texts, format));
  return html_of({"The temperatures of " + texts[0].text.name + " and " + texts[1].text.name, body,
                  std::string(assets::thermometer_page_css), "", provenance_html(provenance)});
}

}  // namespace kelvin
