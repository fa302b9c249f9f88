#include "tools/lab/thermometer/thermometer_words.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

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

// Whether a chain is the softmax at one temperature and nothing else.
bool is_plain_temperature(const std::string& chain) {
  return chain.empty() || (chain.starts_with("temp=") && chain.find_first_of(",:") == chain.npos);
}

std::string origin_in_words(const LabText& text) {
  if (text.chains.empty())
    return " That does not mean that the text was drawn from this model, nor that a sampler was set so: any "
           "text "
           "has such a temperature, what the model has not learnt raises it, and top-p or min-p lower it.";
  std::string chains;
  bool plain = true;
  for (const std::string& chain : text.chains) {
    chains += (chains.empty() ? "" : "; ") + (chain.empty() ? "no sampler" : chain);
    plain = plain && is_plain_temperature(chain);
  }
  return " It was drawn with " + chains +
         (plain ? "."
                : ", and stages that remove or move tokens give a text another temperature than their own.");
}

}  // namespace

std::optional<DecidingBeginning> deciding_beginning(const LabText& text, const TemperatureFit& fit) {
  if (!text.is_plain || fit.kind != FitKind::finite) return std::nullopt;
  const std::vector<std::size_t> starts = document_starts(text);
  const std::size_t steps = text.steps.size();
  std::vector<std::pair<double, DecidingBeginning>> found;
  double largest = 0;
  // Of more than an eighth of the tokens any part moves beta* by chance.
  for (const std::size_t tokens : {1, 2, 4, 8, 16}) {
    if (tokens * starts.size() * 8 > steps) break;
    std::vector<ObservedStep> rest;
    rest.reserve(steps);
    for (std::size_t d = 0; d < starts.size(); ++d) {
      const std::size_t end = d + 1 < starts.size() ? starts[d + 1] : steps;
      for (std::size_t t = std::min(end, starts[d] + tokens); t < end; ++t) rest.push_back(text.steps[t]);
    }
    const TemperatureFit without = fit_temperature(rest, fit.beta);
    if (without.kind != FitKind::finite) continue;
    const double moved = std::fabs(without.beta - fit.beta),
                 error = std::max(without.standard_error, without.robust_error);
    // As far as that nobody would put it down to chance, and far enough to matter.
    const double share = static_cast<double>(tokens * starts.size()) / static_cast<double>(steps);
    if (moved <= std::max(0.5 * error, 4 * std::sqrt(share) * error)) continue;
    largest = std::max(largest, moved);
    found.push_back({moved, {tokens, without}});
  }
  // The fewest that do nearly all of it.
  for (const auto& [moved, beginning] : found)
    if (moved >= 0.9 * largest) return beginning;
  return std::nullopt;
}

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
  std::string words = words_of(fit, deciding) + "." + origin_in_words(text);
  if (deciding < enough_deciding_tokens)
    words += formatted(
        " Warning: only about %.0f of %zu tokens decide this, and %.0f should: take it as a rough guess.",
        deciding, text.steps.size(), enough_deciding_tokens);
  if (const auto beginning = deciding_beginning(text, fit)) {
    const bool one = beginning->tokens == 1;
    words += one ? " Warning: the first judged token"
                 : formatted(" Warning: the first %zu judged tokens", beginning->tokens);
    words += std::string(text.documents > 1 ? " of each document" : "") + " had hardly anything before " +
             (one ? "it" : "them") + ", and without " + (one ? "it" : "them") +
             " T = " + temperature_text(beginning->rest.beta) +
             ": give what stood before the text, by --skip or as lines of kelvin-generate --json.";
  }
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
