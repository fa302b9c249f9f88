// What kelvin-thermometer says of calibration: lines for people, JSON lines, and what they mean.
#pragma once

#include <iosfwd>
#include <string>

#include "tools/lab/thermometer/calibration_fit.h"
#include "tools/lab/thermometer/thermometer_report.h"

namespace kelvin {

// Of `text` at T = 1, at `beta` of the likeliest temperature, and where the error is least. beta: NaN where there is none.
struct TextCalibration {
  double beta;
  CalibrationError at_one, at_likeliest, at_least;  // at_likeliest: all NaN where beta is
  CalibrationFit fit;
};
TextCalibration text_calibration(const LabText& text, double beta, const ThermometerFormat& format);

// The errors, the temperature where they are least, and whether they are more than chance.
std::string calibration_lines(const TextCalibration& calibration);
// The same in sentences.
std::string calibration_in_words(const TextCalibration& calibration);

// The lines "calibration" with the bins at T = 1 and at T*, and "calibration fit" with the curve.
void write_calibration(std::ostream& out, const LabText& text, const TextCalibration& calibration,
                       const ThermometerFormat& format);

}  // namespace kelvin
