#include "tests/support.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace kelvin::test {

namespace fs = std::filesystem;

fs::path source_dir() { return KELVIN_SOURCE_DIR; }
fs::path data_dir() { return source_dir() / "tests" / "data"; }
fs::path bin_dir() { return KELVIN_BIN_DIR; }
std::string compiler() { return KELVIN_COMPILER; }
std::string compiler_flags() { return KELVIN_COMPILER_FLAGS; }

fs::path shared_dir() {
  if (const char* named = std::getenv("KELVIN_SHARED")) return named;
  return source_dir().parent_path() / "shared";
}

bool shared_has(const std::string& relative) {
  if (fs::exists(shared_dir() / relative)) return true;
  std::printf("SKIPPED: %s is absent (set KELVIN_SHARED)\n", (shared_dir() / relative).c_str());
  return false;
}

bool in_sample_of_today(std::size_t index, std::size_t of) {
  static const bool whole = std::getenv("KELVIN_WHOLE") != nullptr;
  static const unsigned long day = [] {
    const char* named = std::getenv("KELVIN_DAY");
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    const unsigned long today =
        named ? std::stoul(named)
              : static_cast<unsigned long>(
                    std::chrono::duration_cast<std::chrono::hours>(since_1970).count() / 24);
    if (!whole)
      std::printf("a sample of all: KELVIN_DAY=%lu brings it back, KELVIN_WHOLE=1 runs all\n", today);
    return today;
  }();
  return whole || index % of == day % of;
}

bool slow_build() { return KELVIN_SLOW_BUILD; }

bool left_out_today(std::size_t index, std::size_t of) {
  return slow_build() && !in_sample_of_today(index, of);
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "kelvin-test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Finished run(const std::vector<std::string>& argv, const std::string& input,
             const std::vector<std::string>& environment) {
  // Files instead of pipes: a program may write before it has read all its input.
  TemporaryFolder folder;
  const fs::path in = folder.path() / "in", out = folder.path() / "out", err = folder.path() / "err";
  std::ofstream(in, std::ios::binary) << input;

  std::vector<std::string> words = argv;
  if (words.at(0).find('/') == std::string::npos) words[0] = (bin_dir() / words[0]).string();
  std::vector<char*> args;
  for (std::string& word : words) args.push_back(word.data());
  args.push_back(nullptr);

  std::vector<std::string> settings = environment;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry, name = text.substr(0, text.find('=') + 1);
    if (std::none_of(environment.begin(), environment.end(),
                     [&](const std::string& own) { return own.compare(0, name.size(), name) == 0; }))
      settings.push_back(text);
  }
  std::vector<char*> env;
  for (std::string& setting : settings) env.push_back(setting.data());
  env.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, in.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int failed = posix_spawn(&child, args[0], &actions, nullptr, args.data(), env.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed) throw std::runtime_error("cannot start " + words[0]);
  int state = 0;
  waitpid(child, &state, 0);
  return {WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state), read_text(out), read_text(err)};
}

Finished run_tool(std::vector<std::string> argv, const std::string& input) {
  if (argv.at(0).starts_with("kelvin-") && std::find(argv.begin(), argv.end(), "--threads") == argv.end())
    argv.insert(argv.end(), {"--threads", "1"});
  return run(argv, input);
}

}  // namespace kelvin::test
