// kelvin-thermometer's answer as pictures: of one text, or of two beside each other.
#pragma once

#include <span>
#include <vector>

#include "sampling/statistics/temperature_fit.h"
#include "tools/lab/thermometer/calibration_report.h"
#include "tools/lab/thermometer/thermometer_report.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

struct FittedText {
  const LabText& text;
  TemperatureFit fit;
  TextCalibration calibration;
};

// What each text costs over the whole line of temperatures, its reliability, and its temperature along the text; for two
// texts also what each loses at any temperature near both, and at the common one.
std::vector<Plot> thermometer_plots(std::span<const FittedText> texts, const ThermometerFormat& format);

}  // namespace kelvin
