#include "loaders/json_file.h"

#include "loaders/load_error.h"
#include "loaders/mapped_file.h"

namespace kelvin {

JsonDocument load_json(const std::filesystem::path& path, std::size_t limit) {
  auto file = MappedFile::open(path);
  const auto bytes = file->bytes();
  if (bytes.size() > limit)
    throw LoadError(path_text(path), "a JSON file of at most " + std::to_string(limit) + " bytes expected, " +
                                         std::to_string(bytes.size()) + " found");
  return parse_json(bytes, path_text(path), std::move(file));
}

}  // namespace kelvin
