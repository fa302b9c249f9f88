// How kelvin-thermometer answers: tables for people, JSON lines for programs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tokenizer/tokenizer.h"
#include "tools/lab/thermometer/lab_fit.h"

namespace kelvin {

struct ThermometerFormat {
  bool json = false;
  bool tokens = false;        // a line for every token
  std::optional<int> window;  // tokens; a temperature for every half-overlapping window of so many
  bool equal_width = false;   // bins of the reliability table by width instead of by mass
};

struct TextCalibration;  // calibration_report.h

// "notes.txt: 812 tokens judged, 3100 bytes"
std::string description_of(const LabText& text);
// What the fit says in a line or two; an infinite or undetermined T* is explained.
std::string verdict_of(const TemperatureFit& fit);

std::vector<ReliabilityBin> reliability_bins(const LabText& text, double beta,
                                             const ThermometerFormat& format);

struct TokenLine {
  TemperatureFit fit;        // of this token alone
  double surprise, entropy;  // at T = 1, nats
};
TokenLine token_line(const ObservedStep& step);

// Calls window(first, count) for windows of `size` steps, each beginning half a window after the one before.
template <class Window>
void for_each_window(std::size_t steps, int size, const Window& window) {
  const std::size_t max = static_cast<std::size_t>(size), stride = std::max<std::size_t>(1, max / 2);
  for (std::size_t first = 0; first < steps; first += stride) {
    window(first, std::min(max, steps - first));
    if (first + max >= steps) break;
  }
}

// `tokenizer`: nullptr where there is none (raw logits). JSON ends with the object beta, beta_se,
// beta_se_robust, T, nll, perplexity, bits_per_byte, steps, documents, T_se, T_95; nll and the two after it are at beta,
// T_se and T_95 hold for any text, as beta_se_robust does.
void report_thermometer(std::ostream& out, const LabText& text, const TemperatureFit& fit,
                        const TextCalibration& calibration, const Tokenizer* tokenizer,
                        const ThermometerFormat& format);

void report_comparison(std::ostream& out, const LabText& first, const LabText& second,
                       const FitComparison& comparison, bool json);

}  // namespace kelvin
