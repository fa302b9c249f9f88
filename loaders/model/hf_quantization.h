// The key quantization_config of config.json: AWQ, GPTQ, compressed-tensors, FP8.
#pragma once

#include <optional>

#include "loaders/json/json.h"
#include "loaders/tensors/quantization_scheme.h"

namespace kelvin {

// `config` is the root object; a text part's own quantization_config counts, too. Nothing where the weights are stored
// plainly. Throws LoadError that names the key: another method, or a setting of one that is not read.
std::optional<QuantizationScheme> quantization_scheme(JsonValue config);

}  // namespace kelvin
