// What an open model says about itself on results.
#pragma once

#include "tools/options/model_options.h"
#include "tools/output/provenance.h"

namespace kelvin {

// Reads the files of the model once more, from the memory of the system: 0.1 s of one core for 250 MB. Throws LoadError where they have gone.
ModelOrigin origin_of(const OpenModel& model);
// Of open_model_alone(); `lora` is the folder of the adapter merged, if one was.
ModelOrigin origin_of(const std::filesystem::path& folder, const Model& model,
                      const std::optional<std::filesystem::path>& lora);

}  // namespace kelvin
