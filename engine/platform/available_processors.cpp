#include "engine/platform/available_processors.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <thread>

#include "engine/platform/control_groups.h"

namespace kelvin {
namespace {

int allowed_processors() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
  return static_cast<int>(std::thread::hardware_concurrency());
}

// Processors' worth of time, rounded up; a great number where there is no quota ("max", -1, no such file).
double quota(const engine::ControlGroup& group) {
  double time = -1, period = -1;
  if (group.unified) {
    std::ifstream(group.folder / "cpu.max") >> time >> period;
  } else {
    std::ifstream(group.folder / "cpu.cfs_quota_us") >> time;
    std::ifstream(group.folder / "cpu.cfs_period_us") >> period;
  }
  return time > 0 && period > 0 ? std::ceil(time / period) : std::numeric_limits<double>::infinity();
}

}  // namespace

int available_processors(const std::filesystem::path& root) {
  double processors = std::max(1, allowed_processors());
  for (const engine::ControlGroup& group : engine::control_groups("cpu", root))
    processors = std::min(processors, quota(group));
  return static_cast<int>(processors);
}

}  // namespace kelvin
