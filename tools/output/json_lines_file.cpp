#include "tools/output/json_lines_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "loaders/files/load_error.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

// Another process may have put a new file in the place of the one that was opened (rewrite).
bool is_still(int handle, const std::filesystem::path& path) {
  struct stat opened {
  }, there{};
  return fstat(handle, &opened) == 0 && stat(path.c_str(), &there) == 0 && opened.st_ino == there.st_ino &&
         opened.st_dev == there.st_dev;
}

// 0, or the error.
int write_all(int handle, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(handle, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

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
    if (flock(handle_, LOCK_EX | LOCK_NB) != 0 || !is_still(handle_, path_))
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
  if (const int error = write_all(handle_, text)) {
    if (regular_ && ftruncate(handle_, static_cast<off_t>(length_)) == 0)
      lseek(handle_, static_cast<off_t>(length_), SEEK_SET);
    fail(std::strerror(error));
  }
  length_ += text.size();
}

void JsonLinesFile::rewrite(const std::function<void(std::string_view lines, const AddLine& add)>& make) {
  if (!regular_) return;
  const auto old = MappedFile::open(path_);
  const std::string_view text(reinterpret_cast<const char*>(old->bytes().data()), length_);

  const std::filesystem::path target = std::filesystem::canonical(path_);  // a link stays one
  std::string name = target.string() + ".XXXXXX";
  const int handle = mkostemp(name.data(), O_CLOEXEC);
  if (handle < 0) fail(std::strerror(errno));
  std::size_t length = 0;
  int error = 0;
  struct stat mode {};
  if (fstat(handle_, &mode) == 0) fchmod(handle, mode.st_mode);
  // Locked before it can be found, so that it is never anybody else's.
  if (flock(handle, LOCK_EX | LOCK_NB) != 0) error = errno;
  const auto give_up = [&] {
    close(handle);
    unlink(name.c_str());
  };
  try {
    make(text, [&](std::string_view line) {
      if (error != 0) return;
      error = write_all(handle, std::string(line) + "\n");
      length += line.size() + 1;
    });
  } catch (...) {
    give_up();
    throw;
  }
  if (error == 0 && (fsync(handle) != 0 || std::rename(name.c_str(), target.c_str()) != 0)) error = errno;
  if (error != 0) {
    give_up();
    fail(std::strerror(error));
  }
  close(std::exchange(handle_, handle));
  length_ = length;
}

void JsonLinesFile::keep_only(const std::function<std::set<std::size_t>(std::string_view lines)>& choose) {
  rewrite([&](std::string_view lines, const AddLine& add) {
    const std::set<std::size_t> kept = choose(lines);
    for_each_line(lines, [&](std::size_t number, std::string_view line) {
      if (kept.contains(number)) add(line);
    });
  });
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
