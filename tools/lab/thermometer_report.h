// How kelvin-thermometer answers: tables for people, JSON lines for programs.
#pragma once

#include <iosfwd>
#include <optional>

#include "tokenizer/tokenizer.h"
#include "tools/lab/lab_fit.h"

namespace kelvin {

struct ThermometerFormat {
  bool json = false;
  bool tokens = false;        // a line for every token
  std::optional<int> window;  // tokens; a temperature for every half-overlapping window of so many
  bool equal_width = false;   // bins of the reliability table by width instead of by mass
};

// `tokenizer`: nullptr where there is none (raw logits). JSON ends with the object beta, beta_se,
// beta_se_robust, T, nll, perplexity, bits_per_byte, steps; nll and the two after it are at beta.
void report_thermometer(std::ostream& out, const LabText& text, const TemperatureFit& fit,
                        const Tokenizer* tokenizer, const ThermometerFormat& format);

void report_comparison(std::ostream& out, const LabText& first, const LabText& second,
                       const FitComparison& comparison, bool json);

}  // namespace kelvin
