// What the thermometer's figures mean, said in words.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "tools/lab/thermometer/lab_fit.h"

namespace kelvin {

// How many tokens decide which temperature fits best: (sum I)^2 / sum I^2, where I is a token's information about beta,
// the variance of the logits at `beta` (Kish 1965). Where the model is all but certain a token decides nothing. 0 where
// no token does.
double deciding_tokens(std::span<const ObservedStep> steps, double beta);

// Below so many of them the normal distribution that intervals are made with is a rough guess.
constexpr double enough_deciding_tokens = 30;

// Of a plain text the tokens at the beginning of each document that move beta* by more than half its standard error and
// four times what as many tokens anywhere would: they were judged with little before them, so that they say less about
// the text than the others. Nothing where none do, or where
// that is not known.
struct DecidingBeginning {
  std::size_t tokens;   // of each document
  TemperatureFit rest;  // without them
};
std::optional<DecidingBeginning> deciding_beginning(const LabText& text, const TemperatureFit& fit);

// Which temperature, how sure, what it means beside the model's own T = 1, and what it does not mean; where too few tokens
// decide, that too. fit: of the text, not empty or forbidden.
std::string temperature_in_words(const LabText& text, const TemperatureFit& fit);

// Which of two texts is hotter, on the line from 0 over infinity to -0, and whether chance might have done it.
std::string comparison_in_words(const std::string& first, const std::string& second, const FitComparison& c);

}  // namespace kelvin
