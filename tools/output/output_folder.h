// A folder that appears whole or not at all.
#pragma once

#include <filesystem>

namespace kelvin {

// Made under a temporary name beside the target; commit() renames it, the destructor removes what was not
// committed.
class OutputFolder {
 public:
  // Throws UserError where `target` is there already (an empty folder is taken) or cannot be made.
  explicit OutputFolder(std::filesystem::path target);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::filesystem::path& path() const { return temporary_; }  // to write into
  void commit();  // throws std::filesystem::filesystem_error

 private:
  std::filesystem::path target_, temporary_;
};

}  // namespace kelvin
