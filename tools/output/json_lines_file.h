// A file of JSON lines that a long run adds to, and that the same run goes on with after an interruption. A
// line that is whole stays, whatever happens.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "loaders/files/mapped_file.h"

namespace kelvin {

class JsonLinesFile {
 public:
  // Opens or makes the file and keeps other processes from writing it. "-" is stdout; that and what is no
  // regular file (a pipe, /dev/stdout) is written from the beginning. Throws UserError where it cannot be
  // written, or with the words of `busy` where another process is writing it.
  explicit JsonLinesFile(std::filesystem::path path,
                         const std::string& busy = "another process is writing it");
  ~JsonLinesFile();
  JsonLinesFile(const JsonLinesFile&) = delete;
  JsonLinesFile& operator=(const JsonLinesFile&) = delete;

  // What was found, until cut_rest(): the whole lines, with their ends, and a partly written one after them.
  std::string_view lines() const { return found().substr(0, length_); }
  std::string_view rest() const { return found().substr(length_); }
  // The file is recognised as one of ours: its partly written line is removed, and lines follow the whole
  // ones. Before this nothing in it has changed.
  void cut_rest();

  // Adds a line, which has no end of line yet, and gives it to the system at once. Throws std::runtime_error
  // where that fails; the file then holds whole lines as before.
  void add(std::string_view line);

  // After cut_rest(): replaces the file as a whole by the lines that `make` adds, given all of the old ones. What is no
  // regular file stays as it is. Throws std::runtime_error where that fails, with the file as before.
  using AddLine = std::function<void(std::string_view line)>;
  void rewrite(const std::function<void(std::string_view lines, const AddLine& add)>& make);
  // Leaves only the lines whose numbers (from 1) `choose` names.
  void keep_only(const std::function<std::set<std::size_t>(std::string_view lines)>& choose);

 private:
  std::string_view found() const;
  [[noreturn]] void fail(const std::string& why) const;

  std::filesystem::path path_;
  int handle_ = -1;
  bool regular_ = false;
  std::size_t length_ = 0;                  // bytes of the whole lines
  std::shared_ptr<const MappedFile> file_;  // as it was found
};

// Every line of whole lines, without its end, and its number from 1.
void for_each_line(std::string_view lines,
                   const std::function<void(std::size_t number, std::string_view line)>& visit);

}  // namespace kelvin
