#include "tools/lab/thermometer/thermometer_report.h"

#include <cmath>
#include <ostream>

#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/lab/thermometer/calibration_report.h"
#include "tools/lab/thermometer/thermometer_words.h"
#include "tools/output/piece_view.h"

namespace kelvin {
namespace {

JsonWriter& write_fit(JsonWriter& json, const TemperatureFit& fit) {
  json.member("beta", unless_nan(fit.beta)).member("beta_se", unless_nan(fit.standard_error));
  return json.member("beta_se_robust", unless_nan(fit.robust_error))
      .member("T", unless_nan(fit.temperature()));
}

// The standard error of T* = 1 / beta*, and the two ends of the 95 % interval: between them, or above the first and below
// the second where that is the smaller one.
JsonWriter& write_interval(JsonWriter& json, const TemperatureFit& fit) {
  if (fit.kind != FitKind::finite) return json.member("T_se", nullptr).member("T_95", nullptr);
  const TemperatureInterval interval = temperature_interval(fit.beta, fit.robust_error);
  const double low = interval.through_infinity ? interval.high : interval.low,
               high = interval.through_infinity ? interval.low : interval.high;
  json.member("T_se", fit.robust_error / (fit.beta * fit.beta));
  return json.key("T_95").begin_array().value(low).value(high).end_array();
}

JsonWriter& write_cost(JsonWriter& json, const TextCost& cost) {
  json.member("nll", cost.nats).member("perplexity", cost.perplexity);
  return json.member("bits_per_byte", cost.bits_per_byte);
}

void print(std::ostream& out, JsonWriter& json) {
  out << json.text() << "\n";
  json.clear();
}

void json_report(std::ostream& out, const LabText& text, const TemperatureFit& fit,
                 const TextCalibration& calibration, const Tokenizer* tokenizer,
                 const ThermometerFormat& format) {
  JsonWriter json;
  for (std::size_t t = 0; format.tokens && t < text.steps.size(); ++t) {
    const TokenFacts& facts = text.facts[t];
    const TokenLine line = token_line(text.steps[t]);
    json.begin_object().member("type", "token").member("position", facts.position).member("id", facts.id);
    if (tokenizer) json.member("piece", tokenizer->piece(facts.id));
    json.member("surprise", line.surprise).member("rank", facts.rank);
    json.member("confidence", exp_exact(-text.steps[t].states.moments(1.0).log_z_shifted));
    json.member("rank_from_end", facts.rank_from_end).member("entropy", line.entropy);
    json.member("beta", unless_nan(line.fit.beta))
        .member("T", unless_nan(line.fit.temperature()))
        .end_object();
    print(out, json);
  }
  if (format.window)
    for_each_window(text.steps.size(), *format.window, [&](std::size_t first, std::size_t count) {
      const TemperatureFit part = fit_temperature(std::span(text.steps).subspan(first, count));
      json.begin_object().member("type", "window").member("first", text.facts[first].position);
      json.member("tokens", count);
      write_fit(json, part).member("nll", part.nll).end_object();
      print(out, json);
    });
  write_calibration(out, text, calibration, format);
  json.begin_object().member("type", "at T = 1").member("name", text.name);
  write_cost(json, text_cost(text, text_statistics(text.steps, 1.0).nll));
  json.member("documents", text.documents).member("windows", text.windows);
  json.member("overlap", text.overlap).end_object();
  print(out, json);
  json.begin_object().member("type", "in words").member("text", temperature_in_words(text, fit));
  json.member("deciding_tokens", deciding_tokens(text.steps, fit.kind == FitKind::finite ? fit.beta : 1.0));
  json.end_object();
  print(out, json);
  write_fit(json.begin_object(), fit);
  write_cost(json, text_cost(text, fit.nll)).member("steps", text.steps.size());
  write_interval(json.member("documents", text.documents), fit).end_object();
  print(out, json);
}

void cost_line(std::ostream& out, const std::string& title, const TextCost& cost) {
  out << formatted("  %-16s %11.5f %11.4g %11.5f", title.c_str(), cost.nats_per_token, cost.perplexity,
                   cost.bits_per_token);
  out << (cost.bits_per_byte ? formatted(" %11.5f", *cost.bits_per_byte) : std::string("           -"))
      << "\n";
}

void token_table(std::ostream& out, const LabText& text, const Tokenizer* tokenizer) {
  out << "\n  position      id  surprise   entropy    rank  from end       T  token\n";
  for (std::size_t t = 0; t < text.steps.size(); ++t) {
    const TokenFacts& facts = text.facts[t];
    const TokenLine line = token_line(text.steps[t]);
    out << formatted("  %8d %7d %9.4f %9.4f %7zu %9zu %7s  ", facts.position, facts.id, line.surprise,
                     line.entropy, facts.rank, facts.rank_from_end, temperature_text(line.fit.beta).c_str())
        << (tokenizer ? shown_token(*tokenizer, facts.id) : "") << "\n";
  }
}

void text_report(std::ostream& out, const LabText& text, const TemperatureFit& fit,
                 const TextCalibration& calibration, const Tokenizer* tokenizer,
                 const ThermometerFormat& format) {
  out << description_of(text) << "\n\n" << verdict_of(fit);
  out << "\n                    nats/token  perplexity  bits/token   bits/byte\n";
  cost_line(out, "at T = 1", text_cost(text, text_statistics(text.steps, 1.0).nll));
  if (!std::isnan(fit.beta)) cost_line(out, "at T = " + temperature_text(fit.beta), text_cost(text, fit.nll));

  std::size_t first = 0, last = 0;
  for (const TokenFacts& facts : text.facts) {
    first += facts.rank == 1;
    last += facts.rank_from_end == 1;
  }
  const double steps = static_cast<double>(text.steps.size());
  out << formatted("\n  first choice %.1f %% of the tokens, last choice %.1f %%\n",
                   100 * static_cast<double>(first) / steps, 100 * static_cast<double>(last) / steps);

  const auto bins = reliability_bins(text, 1.0, format);
  out << calibration_lines(calibration);
  out << "\n  at T = 1     confidence  accuracy   tokens\n";
  for (const ReliabilityBin& bin : bins)
    out << formatted("               %9.2f %% %7.2f %% %8zu", 100 * bin.confidence, 100 * bin.accuracy,
                     bin.count)
        << formatted("   %+6.2f %%\n", 100 * (bin.accuracy - bin.confidence));

  if (format.window) {
    out << "\n  windows of " << *format.window << " tokens, each half over the one before\n"
        << "     from      T*     beta*       +-   nats/token\n";
    for_each_window(text.steps.size(), *format.window, [&](std::size_t begin, std::size_t count) {
      const TemperatureFit part = fit_temperature(std::span(text.steps).subspan(begin, count));
      out << formatted("  %7d %7s %9.4g %8.2g %12.4f\n", text.facts[begin].position,
                       temperature_text(part.beta).c_str(), part.beta, part.robust_error,
                       part.nll / static_cast<double>(count));
    });
  }
  if (format.tokens) token_table(out, text, tokenizer);
}

}  // namespace

std::string description_of(const LabText& text) {
  std::string out = formatted("%s: %zu tokens judged", text.name.c_str(), text.steps.size());
  if (text.bytes > 0) out += formatted(", %zu bytes", text.bytes);
  if (text.documents > 1) out += formatted(", %zu documents", text.documents);
  if (text.windows > text.documents)
    out += formatted(", read in %zu windows that share %d tokens", text.windows, text.overlap);
  return out;
}

std::string verdict_of(const TemperatureFit& fit) {
  switch (fit.kind) {
    case FitKind::finite:
      return "  T* = " + temperature_text(fit.beta) +
             ", 95 %: " + text_of(temperature_interval(fit.beta, fit.robust_error)) +
             formatted("   (beta* %.5g +- %.2g)\n", fit.beta, fit.robust_error) +
             "  if it was drawn from this model at one temperature, 95 %: " +
             text_of(temperature_interval(fit.beta, fit.standard_error)) +
             formatted("   (+- %.2g)\n", fit.standard_error);
    case FitKind::plus_infinity:
      return "  T* -> 0+: every token was the model's first choice (beta* = inf); colder is always better\n";
    case FitKind::minus_infinity:
      return "  T* -> -0: every token was the model's last choice (beta* = -inf)\n";
    default:
      return "  T* is undetermined: the model had no preference at any step\n";
  }
}

std::vector<ReliabilityBin> reliability_bins(const LabText& text, double beta,
                                             const ThermometerFormat& format) {
  return reliability(predictions(text, beta),
                     format.equal_width ? Binning::equal_width : Binning::equal_mass);
}

TokenLine token_line(const ObservedStep& step) {
  const Thermo thermo = step.states.thermo(1.0);
  return {fit_temperature(std::span(&step, 1)), -thermo.log_p(step.observed), thermo.entropy};
}

void report_thermometer(std::ostream& out, const LabText& text, const TemperatureFit& fit,
                        const TextCalibration& calibration, const Tokenizer* tokenizer,
                        const ThermometerFormat& format) {
  format.json ? json_report(out, text, fit, calibration, tokenizer, format)
              : text_report(out, text, fit, calibration, tokenizer, format);
}

void report_comparison(std::ostream& out, const LabText& first, const LabText& second, const FitComparison& c,
                       bool json) {
  if (json) {
    JsonWriter line;
    line.begin_object()
        .member("type", "comparison")
        .member("first", first.name)
        .member("second", second.name);
    line.member("beta_first", unless_nan(c.first.beta)).member("beta_second", unless_nan(c.second.beta));
    line.member("difference", unless_nan(c.difference))
        .member("difference_se", unless_nan(c.difference_error));
    line.member("difference_p", unless_nan(c.difference_p));
    line.member("likelihood_ratio", c.likelihood_ratio).member("likelihood_p", c.likelihood_p);
    line.member("in_words", comparison_in_words(first.name, second.name, c)).end_object();
    print(out, line);
    return;
  }
  out << "\n"
      << first.name << ": T* = " << temperature_text(c.first.beta) << "; " << second.name
      << ": T* = " << temperature_text(c.second.beta)
      << "; both as one: T* = " << temperature_text(c.common.beta) << "\n";
  if (!std::isnan(c.difference_p))
    out << formatted("  beta* differ by %.4g +- %.2g: p = %.2g", c.difference, c.difference_error,
                     c.difference_p)
        << " (t test over batches, as neighbouring tokens err together)\n";
  out << formatted("  likelihood ratio %.4g: p = %.2g, if both were drawn from the model itself\n",
                   c.likelihood_ratio, c.likelihood_p);
}

}  // namespace kelvin
