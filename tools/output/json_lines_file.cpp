#include "tools/output/json_lines_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "loaders/files/load_error.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {

JsonLinesFile::JsonLinesFile(std::filesystem::path path, const std::string& busy) : path_(std::move(path)) {
  const bool is_stdout = path_ == "-";
  if (is_stdout) path_ = "stdout";
  std::error_code ignored;
  regular_ = !is_stdout &&
             (!std::filesystem::exists(path_, ignored) || std::filesystem::is_regular_file(path_, ignored));
  handle_ = is_stdout ? dup(STDOUT_FILENO)
                      : open(path_.c_str(), (regular_ ? O_RDWR | O_CREAT : O_WRONLY) | O_CLOEXEC, 0666);
  if (handle_ < 0) throw UserError("cannot write " + path_text(path_) + ": " + std::strerror(errno));
  if (!regular_) return;
  try {
    if (flock(handle_, LOCK_EX | LOCK_NB) != 0)
      throw UserError("cannot write " + path_text(path_) + ": " + busy);
    file_ = MappedFile::open(path_);
  } catch (...) {
    close(handle_);
    throw;
  }
  length_ = found().rfind('\n') + 1;
}

JsonLinesFile::~JsonLinesFile() {
  if (regular_) fsync(handle_);
  close(handle_);
}

std::string_view JsonLinesFile::found() const {
  if (!file_) return {};
  return {reinterpret_cast<const char*>(file_->bytes().data()), file_->bytes().size()};
}

void JsonLinesFile::cut_rest() {
  const bool is_partly_written = !rest().empty();
  file_ = nullptr;
  if (!regular_) return;
  if (is_partly_written && ftruncate(handle_, static_cast<off_t>(length_)) != 0) fail(std::strerror(errno));
  if (lseek(handle_, static_cast<off_t>(length_), SEEK_SET) < 0) fail(std::strerror(errno));
}

void JsonLinesFile::add(std::string_view line) {
  const std::string text = std::string(line) + "\n";
  std::string_view unwritten = text;
  while (!unwritten.empty()) {
    const ssize_t written = write(handle_, unwritten.data(), unwritten.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const std::string why = std::strerror(errno);
      if (regular_ && ftruncate(handle_, static_cast<off_t>(length_)) == 0)
        lseek(handle_, static_cast<off_t>(length_), SEEK_SET);
      fail(why);
    }
    unwritten.remove_prefix(static_cast<std::size_t>(written));
  }
  length_ += text.size();
}

void JsonLinesFile::fail(const std::string& why) const {
  throw std::runtime_error("cannot write " + path_text(path_) + ": " + why +
                           (regular_ ? "; its whole lines are kept, the same command goes on" : ""));
}

void for_each_line(std::string_view lines,
                   const std::function<void(std::size_t number, std::string_view line)>& visit) {
  std::size_t number = 0, begin = 0;
  for (std::size_t end; (end = lines.find('\n', begin)) != lines.npos; begin = end + 1)
    visit(++number, lines.substr(begin, end - begin));
}

}  // namespace kelvin
