// --model, and the demo model where it is absent.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tools/options/flags.h"

namespace kelvin {

// Adds --model DIR.
void add_model_folder(Flags& flags, std::optional<std::string>& folder);

// Adds --lora DIR.
void add_lora(Flags& flags, std::optional<std::string>& folder);

// The folder or GGUF file named, or else the demo model: installed beside the program, or in the source tree
// it was built from. Throws UsageError where there is no such folder.
std::filesystem::path model_folder(const std::optional<std::string>& folder);

// What such a folder or file is called, without its path.
std::string model_name(const std::filesystem::path& folder);

}  // namespace kelvin
