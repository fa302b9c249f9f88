// Reading the sampler goldens: numbers that JSON cannot hold are strings there, and sets are ids, complements
// or bit masks.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tests/support.h"

namespace kelvin::test {

inline double golden_number(const JsonValue& value) {
  if (value.is_number()) return value.as_double();
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  return value.as_string() == "inf"    ? inf
         : value.as_string() == "-inf" ? -inf
                                       : std::numeric_limits<double>::quiet_NaN();
}

// The folder of one part of the sampling goldens ("thermo"): all of them if they are there, else those that
// the repository holds.
inline std::filesystem::path golden_folder(const std::string& part) {
  const bool all = shared_has("goldens/sampling/" + part);
  return (all ? shared_dir() / "goldens" : data_dir()) / "sampling" / part;
}

inline JsonDocument golden_json(const std::filesystem::path& path) {
  return parse_json(read_text(path), path.string());
}

inline std::vector<std::filesystem::path> golden_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// The same number, or both NaN. Goldens below 1e-12 are themselves only good to 1e-14, those of large
// vocabularies (long double, ln(1 + x) formed from 1 + x) to 2e-19.
inline bool near(double found, double expected, double relative, double absolute = 0) {
  if (expected != expected) return found != found;
  if (found == expected) return true;
  absolute = std::max(absolute, std::abs(expected) < 1e-12 ? 1e-14 : 2e-19);
  return std::abs(found - expected) <= std::max(relative * std::abs(expected), absolute);
}

}  // namespace kelvin::test
