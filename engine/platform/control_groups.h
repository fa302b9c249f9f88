// The control groups of this process, as Linux lists them: containers and batch systems set limits there.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace kelvin::engine {

struct ControlGroup {
  std::filesystem::path folder;  // of its files
  bool unified;                  // version 2; else 1
};

// The group that limits `controller` ("memory", "cpu") and those above it, innermost first, of both versions. In a
// container, whose own group is mounted as the outermost one, the folders of the inner ones may not exist.
// `root` stands for "/".
std::vector<ControlGroup> control_groups(std::string_view controller, const std::filesystem::path& root);

}  // namespace kelvin::engine
