#include "engine/platform/control_groups.h"

#include <fstream>
#include <string>
#include <system_error>

namespace kelvin::engine {

namespace fs = std::filesystem;

std::vector<ControlGroup> control_groups(std::string_view controller, const fs::path& root) {
  std::vector<ControlGroup> groups;
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    // "0::/path" in version 2, "4:cpu,cpuacct:/path" in version 1.
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string names = line.substr(first + 1, second - first - 1);
    const bool unified = names.empty();
    if (!unified && ("," + names + ",").find("," + std::string(controller) + ",") == line.npos) continue;
    // Version 1 is mounted by the names of all controllers, and mostly linked to by each of them.
    fs::path mount = root / "sys/fs/cgroup";
    std::error_code unreadable;
    if (!unified) mount /= fs::exists(mount / controller, unreadable) ? std::string(controller) : names;
    for (fs::path group = line.substr(second + 1);; group = group.parent_path()) {
      groups.push_back({mount / group.relative_path(), unified});
      if (group.relative_path().empty()) break;
    }
  }
  return groups;
}

}  // namespace kelvin::engine
