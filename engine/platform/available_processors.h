// How many processors this process may use.
#pragma once

#include <filesystem>

namespace kelvin {

// At least 1: the processors of its affinity mask (which a control group's cpuset narrows, too), or fewer where a
// control group gives a quota of processor time, rounded up (cpu.max; cpu.cfs_quota_us in version 1). `root` stands
// for "/", where control groups are described.
int available_processors(const std::filesystem::path& root = "/");

}  // namespace kelvin
