#include "engine/platform/available_processors.h"

#include <doctest/doctest.h>
#include <sched.h>

#include <algorithm>

#include "tests/engine/platform/machine_files.h"

using namespace kelvin;

namespace {

int allowed() {
  cpu_set_t set;
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  return CPU_COUNT(&set);
}

}  // namespace

TEST_CASE("without a quota the affinity mask counts") {
  test::MachineFiles machine;
  CHECK(available_processors(machine.root()) == allowed());
  machine.write("proc/self/cgroup", "0::/user/session\n");
  CHECK(available_processors(machine.root()) == allowed());
  machine.write("sys/fs/cgroup/user/session/cpu.max", "max 100000\n");
  machine.write("sys/fs/cgroup/user/cpu.max", "6400000 100000\n");
  CHECK(available_processors(machine.root()) == std::min(64, allowed()));
  CHECK(available_processors() >= 1);
}

TEST_CASE("a quota of processor time is rounded up, of both versions, at every level") {
  test::MachineFiles machine;
  const auto expect = [&](int processors) {
    CHECK(available_processors(machine.root()) == std::min(processors, allowed()));
  };
  SUBCASE("version 2") {
    machine.write("proc/self/cgroup", "0::/box\n");
    machine.write("sys/fs/cgroup/box/cpu.max", "150000 100000\n");
    expect(2);
    machine.write("sys/fs/cgroup/box/cpu.max", "20000 100000\n");
    expect(1);
    machine.write("sys/fs/cgroup/box/cpu.max", "100000 100000\n");
    expect(1);
  }
  SUBCASE("version 2, the group above is the tighter one") {
    machine.write("proc/self/cgroup", "0::/pod/box\n");
    machine.write("sys/fs/cgroup/pod/box/cpu.max", "800000 100000\n");
    machine.write("sys/fs/cgroup/pod/cpu.max", "50000 100000\n");
    expect(1);
  }
  SUBCASE("version 2 in a container, whose own group is the outermost") {
    machine.write("proc/self/cgroup", "0::/\n");
    machine.write("sys/fs/cgroup/cpu.max", "100000 100000\n");
    expect(1);
  }
  SUBCASE("version 1") {
    machine.write("proc/self/cgroup", "5:memory:/a\n4:cpu,cpuacct:/b\n");
    machine.write("sys/fs/cgroup/cpu/b/cpu.cfs_quota_us", "-1\n");
    machine.write("sys/fs/cgroup/cpu/b/cpu.cfs_period_us", "100000\n");
    expect(1 << 20);
    machine.write("sys/fs/cgroup/cpu/b/cpu.cfs_quota_us", "50000\n");
    expect(1);
  }
  SUBCASE("version 1 in a container: the group's path is the host's") {
    machine.write("proc/self/cgroup", "4:cpu,cpuacct:/docker/0123\n");
    machine.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
    machine.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    expect(1);
  }
}

TEST_CASE("files that say nothing sensible limit nothing") {
  test::MachineFiles machine;
  machine.write("proc/self/cgroup", "0::/box\nnonsense\n");
  for (const char* text : {"", "max", "0 0\n", "-5 100000\n", "100000", "a b\n"}) {
    machine.write("sys/fs/cgroup/box/cpu.max", text);
    CAPTURE(text);
    CHECK(available_processors(machine.root()) == allowed());
  }
}
