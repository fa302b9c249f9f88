#include "loaders/json_file.h"

#include "loaders/load_error.h"
#include "loaders/mapped_file.h"

namespace kelvin {

JsonDocument load_json(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  const auto bytes = file->bytes();
  return parse_json(bytes, printable(path.native(), 4096), std::move(file));
}

}  // namespace kelvin
