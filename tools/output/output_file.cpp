#include "tools/output/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "tokenizer/base/user_error.h"

namespace kelvin {

OutputFile::OutputFile(std::filesystem::path target) : target_(std::move(target)) {
  std::error_code ignored;
  // Writing through a link must not turn the link into a file.
  if (std::filesystem::is_symlink(target_, ignored))
    if (auto real = std::filesystem::canonical(target_, ignored); !ignored) target_ = real;
  if (target_.empty() || std::filesystem::is_directory(target_, ignored))
    throw UserError("cannot write " + target_.string() + ": a file name expected");
  renames_ = !std::filesystem::exists(target_, ignored) || std::filesystem::is_regular_file(target_, ignored);
  if (renames_) {
    std::string name = target_.string() + ".XXXXXX";
    handle_ = mkostemp(name.data(), O_CLOEXEC);
    temporary_ = name;
  } else {
    handle_ = open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  }
  if (handle_ < 0) throw UserError("cannot write " + target_.string() + ": " + std::strerror(errno));
  if (renames_) {
    // mkostemp makes files that only the owner can read; the usual rule is the umask.
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(handle_, 0666 & ~mask);
  }
}

OutputFile::~OutputFile() {
  if (handle_ < 0) return;
  close(handle_);
  if (renames_) unlink(temporary_.c_str());
}

void OutputFile::fail(const char* what) const {
  throw std::runtime_error(std::string(what) + " " + target_.string() + ": " + std::strerror(errno));
}

void OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(handle_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void OutputFile::commit() {
  if (renames_ && fsync(handle_) != 0) fail("cannot write");
  if (renames_ && std::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot write");
  const int handle = handle_;
  handle_ = -1;
  if (close(handle) != 0) fail("cannot write");
}

void write_file(const std::filesystem::path& target, std::span<const std::byte> content) {
  OutputFile file(target);
  file.write(content);
  file.commit();
}

}  // namespace kelvin
