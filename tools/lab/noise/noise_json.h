// Steps of a comparison as a part keeps them, exactly.
#pragma once

#include <cstddef>
#include <string>

#include "loaders/json/json.h"
#include "tools/lab/noise/lab_noise.h"

namespace kelvin {

std::string json_of_noise(const NoiseRun& run);
// Bands are those of `vocabulary`. Throws LoadError where it is something else.
NoiseRun noise_of_json(JsonValue json, std::size_t vocabulary);

}  // namespace kelvin
