#include "tools/output/output_folder.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tokenizer/base/user_error.h"

namespace kelvin {

namespace fs = std::filesystem;

OutputFolder::OutputFolder(fs::path target) : target_(std::move(target)) {
  if (!target_.has_filename()) target_ = target_.parent_path();  // "folder/"
  std::error_code ignored;
  const bool there = fs::symlink_status(target_, ignored).type() != fs::file_type::not_found;
  if (target_.empty() || (there && !(fs::is_directory(target_, ignored) && fs::is_empty(target_, ignored))))
    throw UserError("cannot write " + target_.string() + ": a new or empty folder expected");
  std::string name = target_.string() + ".XXXXXX";
  if (!mkdtemp(name.data()))
    throw UserError("cannot write " + target_.string() + ": " + std::strerror(errno));
  temporary_ = name;
  // mkdtemp makes folders that only the owner can read; the usual rule is the umask.
  const mode_t mask = umask(0);
  umask(mask);
  chmod(name.c_str(), 0777 & ~mask);
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void OutputFolder::commit() {
  fs::rename(temporary_, target_);
  temporary_.clear();
}

}  // namespace kelvin
