#include "loaders/json/json_file.h"

#include <utility>

#include "loaders/files/load_error.h"

namespace kelvin {

std::shared_ptr<const MappedFile> open_json(const std::filesystem::path& path, std::size_t limit) {
  auto file = MappedFile::open(path);
  if (const std::size_t size = file->bytes().size(); size > limit)
    throw LoadError(path_text(path), "a JSON file of at most " + std::to_string(limit) + " bytes expected, " +
                                         std::to_string(size) + " found");
  return file;
}

JsonDocument load_json(const std::filesystem::path& path, std::size_t limit) {
  auto file = open_json(path, limit);
  const auto bytes = file->bytes();
  return parse_json(bytes, path_text(path), std::move(file));
}

}  // namespace kelvin
