// A machine as the files of /proc and /sys describe it, below a folder of its own.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support.h"

namespace kelvin::test {

class MachineFiles {
 public:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::filesystem::path root() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace kelvin::test
