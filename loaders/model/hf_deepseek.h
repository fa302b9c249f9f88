// What config.json says of DeepSeek-V2 and V3: latent attention, and experts in groups.
#pragma once

#include "engine/weights/config.h"
#include "loaders/json/json.h"

namespace kelvin {

void read_deepseek2(JsonValue config, ModelConfig& into);
void read_deepseek3(JsonValue config, ModelConfig& into);

}  // namespace kelvin
