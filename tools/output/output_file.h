// A file that appears whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace kelvin {

// Writes under a temporary name beside the target; commit() renames it, the destructor removes what was not
// committed. A target that is no regular file (a pipe, /dev/stdout) is written directly. Throws UserError
// where the file cannot be made, std::runtime_error where writing fails; both name the path and the reason.
class OutputFile {
 public:
  explicit OutputFile(std::filesystem::path target);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path target_, temporary_;
  int handle_ = -1;
  bool renames_ = false;
};

// A file with this content, whole or not at all. Throws as OutputFile does.
void write_file(const std::filesystem::path& target, std::span<const std::byte> content);
inline void write_file(const std::filesystem::path& target, std::string_view content) {
  write_file(target, std::as_bytes(std::span(content)));
}

}  // namespace kelvin
