#include "tools/lab/thermometer/calibration_report.h"

#include <cmath>
#include <limits>
#include <ostream>

#include "engine/platform/available_processors.h"
#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"

namespace kelvin {
namespace {

CalibrationErrorOptions options_of(const ThermometerFormat& format) {
  CalibrationErrorOptions options;
  options.binning = format.equal_width ? Binning::equal_width : Binning::equal_mass;
  options.threads = available_processors();
  return options;
}

std::string percent(const CalibrationError& error) {
  return formatted("%.2f", 100 * error.ece) +
         (std::isnan(error.error) ? "" : formatted(" +- %.2f", 100 * error.error)) + " %";
}

std::string least_at(const TextCalibration& of) {
  std::string text = "T = " + temperature_text(of.fit.beta);
  if (of.fit.at_end) text += " or beyond";
  if (std::isnan(of.fit.low)) return text;
  return text + " (95 %: " + temperature_text(of.fit.high) + " to " + temperature_text(of.fit.low) + ")";
}

JsonWriter& write_error(JsonWriter& json, const CalibrationError& error) {
  json.member("ece", unless_nan(error.ece)).member("ece_se", unless_nan(error.error));
  return json.member("ece_if_calibrated", unless_nan(error.if_calibrated))
      .member("ece_if_calibrated_95", unless_nan(error.if_calibrated_95));
}

void write_bins(std::ostream& out, const std::vector<ReliabilityBin>& bins, double beta,
                const CalibrationError& error) {
  JsonWriter json;
  json.begin_object().member("type", "calibration").member("beta", beta);
  write_error(json, error).key("bins").begin_array();
  for (const ReliabilityBin& bin : bins) {
    json.begin_object().member("tokens", bin.count).member("confidence", bin.confidence);
    json.member("accuracy", bin.accuracy).member("low", bin.low).member("high", bin.high).end_object();
  }
  out << json.end_array().end_object().text() << "\n";
}

}  // namespace

TextCalibration text_calibration(const LabText& text, double beta, const ThermometerFormat& format) {
  const CalibrationErrorOptions options = options_of(format);
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  const auto error_at = [&](double at) { return calibration_error(predictions(text, at), options); };
  TextCalibration result{beta, error_at(1.0), {none, none, none, none}, {}, {}};
  if (!std::isnan(beta)) result.at_likeliest = error_at(beta);
  result.fit = fit_calibration([&](double at) { return predictions(text, at); }, options, beta);
  result.at_least = error_at(result.fit.beta);
  return result;
}

std::string calibration_lines(const TextCalibration& of) {
  std::string text = "  expected calibration error " + percent(of.at_one) + " at T = 1";
  if (!std::isnan(of.beta)) text += ", " + percent(of.at_likeliest) + " at T*";
  text += "; by chance alone " + formatted("%.2f %%", 100 * of.at_one.if_calibrated) + "\n  least " +
          percent(of.at_least) + " at " + least_at(of) + "\n";
  return text;
}

std::string calibration_in_words(const TextCalibration& of) {
  std::string words =
      "T* is where the text is likeliest, over all tokens; the expected calibration error looks at the first "
      "choice alone, and need not be smaller there. It is least at " +
      least_at(of) + ".";
  if (of.at_one.is_bias())
    words += formatted(
        " Warning: its %.2f %% at T = 1 are no sign of a fault: a calibrated model shows %.2f %% on so many "
        "tokens, and up to %.2f %% in 95 of 100 cases. More tokens are needed to see less.",
        100 * of.at_one.ece, 100 * of.at_one.if_calibrated, 100 * of.at_one.if_calibrated_95);
  return words;
}

void write_calibration(std::ostream& out, const LabText& text, const TextCalibration& of,
                       const ThermometerFormat& format) {
  write_bins(out, reliability_bins(text, 1.0, format), 1.0, of.at_one);
  if (!std::isnan(of.beta))
    write_bins(out, reliability_bins(text, of.beta, format), of.beta, of.at_likeliest);
  const CalibrationErrorOptions options = options_of(format);
  JsonWriter json;
  json.begin_object()
      .member("type", "calibration fit")
      .member("beta", of.fit.beta)
      .member("T", 1 / of.fit.beta);
  json.member("beta_low", unless_nan(of.fit.low)).member("beta_high", unless_nan(of.fit.high));
  json.member("at_end", of.fit.at_end);
  write_error(json, of.at_least).member("criterion", "least expected calibration error");
  json.member("bins", options.bins).member("binning", format.equal_width ? "equal width" : "equal mass");
  json.member("replicates", options.replicates).member("block", block_length(text.steps.size()));
  json.member("simulations", options.simulations).member("seed", options.seed).key("curve").begin_array();
  for (const auto& [beta, ece] : of.fit.curve) json.begin_array().value(beta).value(ece).end_array();
  json.end_array().member("in_words", calibration_in_words(of)).end_object();
  out << json.text() << "\n";
}

}  // namespace kelvin
