// The tiny models of all families made with transformers (shared/goldens/models, and those of tests/data that
// are not there), and where its results lie.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support.h"

namespace kelvin::test {

// Names of the folders, ascending; those of tests/data alone where shared/ is absent.
std::vector<std::string> golden_model_names();

// A folder of them, ready to load: where an archive has turned symbolic links into files that hold the
// target's path, the targets are gathered in a folder of their own.
class GoldenModel {
 public:
  explicit GoldenModel(const std::string& name);
  const std::filesystem::path& folder() const { return folder_; }
  const std::filesystem::path& results() const { return results_; }  // manifest.json and raw arrays

 private:
  std::optional<TemporaryFolder> gathered_;
  std::filesystem::path folder_, results_;
};

}  // namespace kelvin::test
