#include "tools/batch/answer_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "loaders/files/load_error.h"
#include "loaders/files/mapped_file.h"
#include "loaders/json/json.h"
#include "tools/options/flags.h"

namespace kelvin {

AnswerFile::AnswerFile(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code ignored;
  regular_ = !std::filesystem::exists(path_, ignored) || std::filesystem::is_regular_file(path_, ignored);
  handle_ = open(path_.c_str(), (regular_ ? O_RDWR | O_CREAT : O_WRONLY) | O_CLOEXEC, 0666);
  if (handle_ < 0) throw UsageError("cannot write " + path_text(path_) + ": " + std::strerror(errno));
  if (!regular_) return;
  try {
    if (flock(handle_, LOCK_EX | LOCK_NB) != 0)
      throw UsageError("cannot write " + path_text(path_) + ": another process is writing it");
    read_answers();
  } catch (...) {
    close(handle_);
    throw;
  }
}

AnswerFile::~AnswerFile() {
  if (regular_) fsync(handle_);
  close(handle_);
}

void AnswerFile::read_answers() {
  const auto file = MappedFile::open(path_);
  const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  std::size_t number = 0;
  for (std::size_t end; (end = text.find('\n', length_)) != std::string_view::npos; length_ = end + 1) {
    ++number;
    const std::string name = path_text(path_) + ", line " + std::to_string(number);
    std::size_t answers = 0;
    try {
      const JsonDocument document = parse_json(std::string(text.substr(length_, end - length_)), name);
      const JsonValue id = document.root().at("custom_id");
      answers = document.root().at("line").as_uint();
      answered_[answers] = id.is_null() ? std::nullopt : std::optional(std::string(id.as_string()));
    } catch (const LoadError& error) {
      throw UsageError(std::string(error.what()) + "; --out takes a new file or one that a batch began");
    }
    if (answered_.size() != number)
      throw UsageError(name + ": line " + std::to_string(answers) + " of the batch is answered twice");
  }
  was_cut_ = length_ < text.size();
  if (was_cut_ && ftruncate(handle_, static_cast<off_t>(length_)) != 0) fail(std::strerror(errno));
  if (lseek(handle_, static_cast<off_t>(length_), SEEK_SET) < 0) fail(std::strerror(errno));
}

void AnswerFile::add(std::string_view line) {
  const std::string text = std::string(line) + "\n";
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = write(handle_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const std::string why = std::strerror(errno);
      if (regular_ && ftruncate(handle_, static_cast<off_t>(length_)) == 0)
        lseek(handle_, static_cast<off_t>(length_), SEEK_SET);
      fail(why);
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  length_ += text.size();
}

void AnswerFile::fail(const std::string& why) const {
  throw std::runtime_error("cannot write " + path_text(path_) + ": " + why +
                           (regular_ ? "; its whole lines are kept, the same command goes on" : ""));
}

}  // namespace kelvin
