// kelvin-thermometer's answer as a page: curves, and the text with every token coloured.
#pragma once

#include <string>

#include "sampling/statistics/temperature_fit.h"
#include "tokenizer/tokenizer.h"
#include "tools/lab/thermometer/thermometer_report.h"

namespace kelvin {

// `tokenizer`: nullptr where there is none (tokens are then shown as ids). Of a very long text the first
// tokens are shown, so that the page stays below 2 MB; the curves are of all of it.
std::string thermometer_html(const LabText& text, const TemperatureFit& fit, const Tokenizer* tokenizer,
                             const ThermometerFormat& format, const Provenance& provenance);

}  // namespace kelvin
