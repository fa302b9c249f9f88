// Changing one sampler setting while a chat runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sampling/settings.h"

namespace kelvin {

// What /set takes: samplers, and what else can be changed.
std::vector<std::string> chat_setting_names();

// As SamplerSettings::set, with what a person at a prompt means by it: a temperature replaces another one,
// and where a whole chain is in force its stage of that name is replaced, or the stage is put at its end.
// Throws UserError; nothing has changed then.
void change_sampling(SamplerSettings& settings, const std::string& name, const std::string& value,
                     const Vocabulary& vocabulary);

}  // namespace kelvin
