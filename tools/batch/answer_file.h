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

// One line of the batch, as the file answers it.
struct AnsweredLine {
  std::optional<std::string> custom_id;
  bool is_error = false;
};

class AnswerFile {
 public:
  // Opens or makes the file, and reads which lines of the batch it answers already. Throws UserError where it
  // cannot be written, is being written by another process, or holds lines that are no answers.
  explicit AnswerFile(const std::filesystem::path& path);

  // What the file holds, by the number of the line answered; of an error that was asked again, what came after it.
  const std::map<std::size_t, AnsweredLine>& answered() const { return answered_; }
  std::size_t errors() const;

  // As JsonLinesFile::add. An error may be followed by another answer to its line; it stays until tidy().
  void add(std::size_t number, const AnsweredLine& what, std::string_view line);
  // Removes the errors that a later answer has replaced: of every line one answer is left. The file is replaced as a
  // whole. What another run could not tidy, because it was killed, is tidied when the file is opened.
  void tidy();

 private:
  JsonLinesFile file_;
  std::map<std::size_t, AnsweredLine> answered_;
  bool is_tidy_ = true;
};

}  // namespace kelvin
