#include "engine/platform/available_memory.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/engine/platform/machine_files.h"

using namespace kelvin;

namespace {

class Machine : public test::MachineFiles {
 public:
  AvailableMemory available() const { return available_memory(root()); }
};

}  // namespace

TEST_CASE("the machine's own memory counts where nothing else limits it") {
  Machine machine;
  machine.write("proc/meminfo", "MemTotal:  2000 kB\nMemFree:  10 kB\nMemAvailable:    700 kB\n");
  machine.write("proc/self/cgroup", "0::/user/session\n");
  machine.write("sys/fs/cgroup/user/session/memory.max", "max\n");
  machine.write("sys/fs/cgroup/user/session/memory.current", "1000\n");
  CHECK(machine.available().bytes == 700 * 1024);
  CHECK(machine.available().limited_by == std::string("this machine"));
}

TEST_CASE("the tightest control group counts, of both versions, at every level") {
  Machine machine;
  machine.write("proc/meminfo", "MemAvailable: 1000000 kB\n");
  SUBCASE("version 2, a group above") {
    machine.write("proc/self/cgroup", "0::/user/session\n");
    machine.write("sys/fs/cgroup/user/session/memory.max", "900000\n");
    machine.write("sys/fs/cgroup/user/session/memory.current", "100000\n");
    machine.write("sys/fs/cgroup/user/memory.max", "500000\n");
    machine.write("sys/fs/cgroup/user/memory.current", "450000\n");
    machine.write("sys/fs/cgroup/user/memory.stat", "anon 100\ninactive_file 30000\nactive_file 1\n");
    CHECK(machine.available().bytes == 80000);
  }
  SUBCASE("version 1") {
    machine.write("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:hugetlb,memory:/b\n");
    machine.write("sys/fs/cgroup/memory/b/memory.limit_in_bytes", "70000\n");
    machine.write("sys/fs/cgroup/memory/b/memory.usage_in_bytes", "90000\n");
    CHECK(machine.available().bytes == 0);
  }
  if (machine.available().bytes < 1000) return;
  CHECK(machine.available().limited_by == std::string("the control group of this process"));
}

TEST_CASE("where nothing is known, nothing is refused") {
  const Machine machine;
  CHECK(machine.available().bytes == UINT64_MAX);
}

TEST_CASE("what cannot be had is refused with its size") {
  CHECK_NOTHROW(require_memory(1000, "little"));
  try {
    require_memory(std::uint64_t{1} << 60, "weights as f32");
    FAIL("taken");
  } catch (const std::bad_alloc& error) {
    CHECK(std::string(error.what()).starts_with("out of memory: weights as f32 need 1152921504.61 GB, "));
  }
  CHECK(gigabytes(1'254'000'000) == "1.25 GB");
}

TEST_CASE("an error says what would fit instead, or that nothing would") {
  const std::vector<MemoryChoice> choices = {
      {"bf16", 2'000'000'000}, {"q8", 1'100'000'000}, {"q4", 600'000'000}};
  CHECK(what_fits(choices, 3'000'000'000) == "bf16 (2.00 GB), q8 (1.10 GB) or q4 (0.60 GB) would fit");
  CHECK(what_fits(choices, 1'100'000'000) == "q8 (1.10 GB) or q4 (0.60 GB) would fit");
  CHECK(what_fits(choices, 600'000'000) == "q4 (0.60 GB) would fit");
  CHECK(what_fits(choices, 599'999'999) == "nothing would fit: even q4 needs 0.60 GB");
  CHECK(what_fits({}, 0) == "");
}
