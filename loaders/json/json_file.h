// A JSON file of a model folder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "loaders/files/mapped_file.h"
#include "loaders/json/json.h"

namespace kelvin {

// Far above any real file; parsing takes at most some ten times the text.
inline constexpr std::size_t json_file_limit = std::size_t{256} << 20;

// The file's bytes. Throws LoadError, also if there are more of them than `limit`.
std::shared_ptr<const MappedFile> open_json(const std::filesystem::path& path,
                                            std::size_t limit = json_file_limit);

// Maps and parses the file; the document keeps the mapping. Throws LoadError, also if the file has more bytes
// than `limit`.
JsonDocument load_json(const std::filesystem::path& path, std::size_t limit = json_file_limit);

}  // namespace kelvin
