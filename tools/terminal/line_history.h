// What was typed before, kept in a file between runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kelvin {

class LineHistory {
 public:
  LineHistory() = default;  // in memory only
  // Reads the newest entries of `file`, which need not exist. A file that cannot be read or written is no
  // reason to stop a chat.
  explicit LineHistory(std::filesystem::path file);

  const std::vector<std::string>& entries() const { return entries_; }  // oldest first
  void add(const std::string& entry);  // at once into the file, too; a repetition of the newest is left out

 private:
  std::vector<std::string> entries_;
  std::optional<std::filesystem::path> file_;
};

// $XDG_STATE_HOME/kelvin/NAME or ~/.local/state/kelvin/NAME; nothing where neither is set.
std::optional<std::filesystem::path> state_file(const std::string& name);

}  // namespace kelvin
