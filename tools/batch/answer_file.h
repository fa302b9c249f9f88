// The file a batch writes, line by line. A line that is whole stays, whatever happens; a partly written last
// one is cut off when the file is opened again.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kelvin {

class AnswerFile {
 public:
  // Opens or makes the file, and reads which lines of the batch it answers already. What is no regular file
  // (a pipe, /dev/stdout) is written from the beginning. Throws UsageError where it cannot be written, is
  // being written by another process, or holds lines that are no answers.
  explicit AnswerFile(std::filesystem::path path);
  ~AnswerFile();
  AnswerFile(const AnswerFile&) = delete;
  AnswerFile& operator=(const AnswerFile&) = delete;

  // The custom_id (if any) of every line answered when the file was opened, by its number.
  const std::map<std::size_t, std::optional<std::string>>& answered() const { return answered_; }
  bool was_cut() const { return was_cut_; }  // whether a partly written line was found

  // Adds a line, which has no end of line yet. Throws std::runtime_error where that fails; the file then
  // holds whole lines as before.
  void add(std::string_view line);

 private:
  void read_answers();
  [[noreturn]] void fail(const std::string& why) const;

  std::filesystem::path path_;
  int handle_ = -1;
  bool regular_ = false, was_cut_ = false;
  std::size_t length_ = 0;  // of the whole lines
  std::map<std::size_t, std::optional<std::string>> answered_;
};

}  // namespace kelvin
