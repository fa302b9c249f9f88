// The file a batch writes, an answer a line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tools/output/json_lines_file.h"

namespace kelvin {

class AnswerFile {
 public:
  // Opens or makes the file, and reads which lines of the batch it answers already. Throws UserError where it
  // cannot be written, is being written by another process, or holds lines that are no answers.
  explicit AnswerFile(const std::filesystem::path& path);

  // The custom_id (if any) of every line answered when the file was opened, by its number.
  const std::map<std::size_t, std::optional<std::string>>& answered() const { return answered_; }
  void add(std::string_view line) { file_.add(line); }  // as JsonLinesFile::add

 private:
  JsonLinesFile file_;
  std::map<std::size_t, std::optional<std::string>> answered_;
};

}  // namespace kelvin
