// A JSON file of a model folder.
#pragma once

#include <filesystem>

#include "loaders/json.h"

namespace kelvin {

// Maps and parses the file; the document keeps the mapping. Throws LoadError.
JsonDocument load_json(const std::filesystem::path& path);

}  // namespace kelvin
