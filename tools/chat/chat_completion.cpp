#include "tools/chat/chat_completion.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "tools/chat/chat_commands.h"
#include "tools/chat/chat_setting.h"
#include "tools/terminal/display_width.h"

namespace kelvin {
namespace {

namespace fs = std::filesystem;

// Of `words`, those that begin with `typed`.
std::vector<std::string> beginning_with(std::string_view typed, std::vector<std::string> words) {
  std::erase_if(words, [&](const std::string& word) { return !word.starts_with(typed); });
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

// Hidden ones where a dot was typed; folders end in a slash. Not those whose names cannot be typed.
std::vector<std::string> files_beginning_with(const std::string& typed) {
  const std::size_t slash = typed.rfind('/');
  const std::string folder = slash == typed.npos ? "" : typed.substr(0, slash + 1);
  const std::string name = typed.substr(folder.size());
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator at(folder.empty() ? "." : folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string entry = at->path().filename().string();
    if (!entry.starts_with(name) || (name.empty() && entry.starts_with('.'))) continue;
    if (typed_text(entry) != entry || entry.find_first_of("\n\t") != entry.npos) continue;
    std::error_code unreadable;
    found.push_back(folder + entry + (at->is_directory(unreadable) ? "/" : ""));
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Completions complete_chat_line(const std::string& before_cursor) {
  if (!before_cursor.starts_with('/')) return {};
  const std::size_t end = before_cursor.find(' ');
  if (end == before_cursor.npos) {
    std::vector<std::string> commands;
    for (const std::string& name : ChatCommands::names()) commands.push_back("/" + name);
    return {0, beginning_with(before_cursor, commands)};
  }
  const std::string command = before_cursor.substr(1, end - 1);
  const std::size_t begin = std::min(before_cursor.find_first_not_of(' ', end), before_cursor.size());
  const std::string typed = before_cursor.substr(begin);
  if (command == "save" || command == "load") return {begin, files_beginning_with(typed)};
  if (command != "set" && command != "show") return {};
  if (const std::size_t space = typed.find(' '); space != typed.npos) {
    const std::string name = typed.substr(0, space);
    std::vector<std::string> values;
    if (name == "stats" || name == "color") values = {"off", "on"};
    if (name == "think") values = {"auto", "fold", "off", "on", "show"};
    if (command != "set" || values.empty()) return {};
    return {begin + space + 1, beginning_with(typed.substr(space + 1), std::move(values))};
  }
  std::vector<std::string> names = chat_setting_names();
  if (command == "show") names.insert(names.end(), {"prompt", "thought"});
  return {begin, beginning_with(typed, std::move(names))};
}

}  // namespace kelvin
