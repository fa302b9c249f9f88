// While it lives, this process can take only so many bytes more of address space.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>

namespace kelvin::test {

class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t left) {
    std::ifstream status("/proc/self/status");
    std::uint64_t kib = 0;
    for (std::string word; status >> word;)
      if (word == "VmSize:") status >> kib;
    if (kib == 0 || getrlimit(RLIMIT_AS, &before_) != 0) throw std::runtime_error("no limit can be set");
    rlimit now = before_;
    now.rlim_cur = kib * 1024 + left;
    if (setrlimit(RLIMIT_AS, &now) != 0) throw std::runtime_error("no limit can be set");
  }
  ~MemoryLimit() { setrlimit(RLIMIT_AS, &before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace kelvin::test
