// How kelvin-noise answers.
#pragma once

#include <string>
#include <vector>

#include "tools/lab/noise/lab_noise.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

std::string noise_table(const NoiseResult& result);
std::string noise_json(const NoiseResult& result);  // for each run a line per band, then one for the run
std::vector<Plot> noise_plots(
    const NoiseResult& result);  // agreement, correlation, logit error over the bands
std::string noise_html(const NoiseResult& result, const Provenance& provenance);

}  // namespace kelvin
