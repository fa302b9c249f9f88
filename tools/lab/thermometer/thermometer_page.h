// kelvin-thermometer's answer as a page: curves, and a text with every token coloured.
#pragma once

#include <span>
#include <string>

#include "tokenizer/tokenizer.h"
#include "tools/lab/thermometer/thermometer_plots.h"
#include "tools/output/provenance.h"

namespace kelvin {

// `tokenizer`: nullptr where there is none (tokens are then shown as ids). Of a very long text the first
// tokens are shown, so that the page stays below 2 MB; the curves are of all of it.
std::string thermometer_html(const FittedText& text, const Tokenizer* tokenizer,
                             const ThermometerFormat& format, const Provenance& provenance);

// Two texts beside each other, without their tokens.
std::string comparison_html(std::span<const FittedText> texts, const ThermometerFormat& format,
                            const Provenance& provenance);

}  // namespace kelvin
