#include "tools/terminal/line_history.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace kelvin {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_entries = 1000;

// One entry a line: newlines and backslashes escaped.
std::string to_line(const std::string& entry) {
  std::string line;
  for (const char c : entry) {
    if (c == '\\')
      line += "\\\\";
    else if (c == '\n')
      line += "\\n";
    else
      line += c;
  }
  return line;
}

std::string from_line(const std::string& line) {
  std::string entry;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size())
      entry += line[++i] == 'n' ? '\n' : line[i];
    else
      entry += line[i];
  }
  return entry;
}

// Only its owner may read what was typed.
bool write_private(const fs::path& file, int flags, const std::string& text) {
  const int handle = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (handle < 0) return false;
  const ssize_t written = write(handle, text.data(), text.size());
  return close(handle) == 0 && written == static_cast<ssize_t>(text.size());
}

}  // namespace

LineHistory::LineHistory(fs::path file) : file_(std::move(file)) {
  std::error_code ignored;
  fs::create_directories(file_->parent_path(), ignored);
  std::ifstream in(*file_, std::ios::binary);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) entries_.push_back(from_line(line));
  if (entries_.size() <= max_entries) return;

  const bool much_too_long = entries_.size() > 2 * max_entries;
  entries_.erase(entries_.begin(), entries_.end() - max_entries);
  if (!much_too_long) return;
  std::string text;
  for (const std::string& entry : entries_) text += to_line(entry) + "\n";
  const fs::path temporary = file_->string() + "." + std::to_string(getpid());
  if (write_private(temporary, O_TRUNC, text)) fs::rename(temporary, *file_, ignored);
}

void LineHistory::add(const std::string& entry) {
  if (entry.empty() || (!entries_.empty() && entries_.back() == entry)) return;
  entries_.push_back(entry);
  if (file_) write_private(*file_, O_APPEND, to_line(entry) + "\n");
}

std::optional<fs::path> state_file(const std::string& name) {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && state[0] == '/')
    return fs::path(state) / "kelvin" / name;
  if (const char* home = std::getenv("HOME"); home && home[0] == '/')
    return fs::path(home) / ".local" / "state" / "kelvin" / name;
  return std::nullopt;
}

}  // namespace kelvin
