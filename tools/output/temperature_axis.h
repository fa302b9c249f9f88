// The whole line of temperatures as an axis from -1 to 1: 0⁺ at the left, infinity in the middle, 0⁻ at the right.
#pragma once

#include "tools/output/svg_plot.h"

namespace kelvin {

double place_of(double beta);
double beta_at(double place);  // its inverse

PlotAxis temperature_axis();

}  // namespace kelvin
