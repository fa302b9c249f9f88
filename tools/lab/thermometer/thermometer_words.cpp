#include "tools/lab/thermometer/thermometer_words.h"

#include <algorithm>
#include <cmath>

#include "tokenizer/base/formatted.h"

namespace kelvin {
namespace {

// What an interval of beta says about the text beside draws of the model itself.
std::string beside_the_model(double low, double high) {
  if (low <= 1 && high >= 1)
    return low <= 0
               ? "so little is known that neither the model's own T = 1 nor T = inf, where every token is as "
                 "likely "
                 "as any other, is excluded"
               : "which is not told apart from the model's own T = 1: the text is about as surprising as the "
                 "model's own draws";
  if (low > 1)
    return "colder than the model's own T = 1: likely tokens came more often than the model itself would "
           "draw them";
  if (low > 0)
    return "hotter than the model's own T = 1: unlikely tokens came more often than the model itself would "
           "draw them";
  if (high < 0)
    return "below zero, which is hotter than infinity: the less likely the model held a token, the more "
           "often it came";
  return "hotter than the model's own T = 1, so hot that T = inf is not excluded: tokens came hardly more "
         "often where the "
         "model held them likely";
}

// The spread of a few tokens may be small by luck: there the error of draws from the model counts, if it is larger.
std::string finite_words(const TemperatureFit& fit, double deciding) {
  const double error =
      deciding < enough_deciding_tokens ? std::max(fit.robust_error, fit.standard_error) : fit.robust_error;
  const double reach = 1.959963984540054 * error;
  return "Of all temperatures T = " + temperature_text(fit.beta) +
         " makes this text likeliest (95 %: " + text_of(temperature_interval(fit.beta, error)) + "), " +
         beside_the_model(fit.beta - reach, fit.beta + reach);
}

std::string words_of(const TemperatureFit& fit, double deciding) {
  switch (fit.kind) {
    case FitKind::finite:
      return finite_words(fit, deciding);
    case FitKind::plus_infinity:
      return "Every token was the model's first choice, as at T = 0: the colder, the likelier is the text. "
             "It is colder "
             "than the model's own T = 1, and no number says how cold";
    case FitKind::minus_infinity:
      return "Every token was the model's last choice, as at T = -0: it is the opposite of what the model "
             "would say at "
             "its own T = 1, and no number says how far";
    default:
      return "The model held all tokens equally likely, so that the text has any temperature as well as T = "
             "1";
  }
}

}  // namespace

double deciding_tokens(std::span<const ObservedStep> steps, double beta) {
  double sum = 0, squares = 0;
  for (const ObservedStep& step : steps) {
    const double information = step.states.moments(beta).variance;
    sum += information;
    squares += information * information;
  }
  return squares > 0 ? sum * sum / squares : 0;
}

std::string temperature_in_words(const LabText& text, const TemperatureFit& fit) {
  // At an end of the line, or without a temperature, the model's own distributions tell who could decide.
  const double deciding = deciding_tokens(text.steps, fit.kind == FitKind::finite ? fit.beta : 1.0);
  std::string words =
      words_of(fit, deciding) +
      ". That does not mean that the text was drawn from this model, nor that a sampler was set so: any text "
      "has such a temperature, what the model has not learnt raises it, and top-p or min-p lower it.";
  if (deciding < enough_deciding_tokens)
    words += formatted(
        " Warning: only about %.0f of %zu tokens decide this, and %.0f should: take it as a rough guess.",
        deciding, text.steps.size(), enough_deciding_tokens);
  return words;
}

std::string comparison_in_words(const std::string& first, const std::string& second, const FitComparison& c) {
  if (std::isnan(c.difference_p))
    return "The two texts are not compared: one of them is too short, or has no finite temperature.";
  const bool first_hotter = c.first.beta < c.second.beta;
  const auto named = [](const std::string& name, const TemperatureFit& fit) {
    return name + " (T = " + temperature_text(fit.beta) + ")";
  };
  const std::string one = named(first, c.first), other = named(second, c.second);
  if (c.difference_p >= 0.05)
    return "The temperatures of " + one + " and " + other + " are not told apart: " +
           formatted("texts of one temperature differ as much with probability %.2g.", c.difference_p);
  return (first_hotter ? one : other) + " is hotter than " + (first_hotter ? other : one) + ": " +
         formatted("texts of one temperature differ as much with probability %.2g.", c.difference_p);
}

}  // namespace kelvin
