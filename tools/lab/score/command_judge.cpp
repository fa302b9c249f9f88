#include "tools/lab/score/command_judge.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "loaders/files/load_error.h"
#include "tokenizer/base/user_error.h"
#include "tools/output/output_file.h"

namespace kelvin {
namespace {

constexpr std::uint64_t file_limit = std::uint64_t{64} << 20;  // bytes

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "kelvin-score-XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw UserError("cannot make a folder for a judge: " + path_text(name) + ": " + std::strerror(errno));
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

rlimit at_most(std::uint64_t soft, std::uint64_t hard) {
  return {static_cast<rlim_t>(soft), static_cast<rlim_t>(hard)};
}

// All that a child needs, made before fork(): other threads may hold the allocator's lock then.
struct Start {
  std::string folder, answer;
  std::vector<char*> words, environment;
  std::uint64_t seconds, memory;
  int report;  // where errno of a start that failed is written
};

// In the child: system calls only.
[[noreturn]] void become(const Start& start) {
  setpgid(0, 0);
  const int in = open(start.answer.c_str(), O_RDONLY), out = open("/dev/null", O_WRONLY);
  dup2(in, 0);
  dup2(out, 1);
  dup2(out, 2);
  const int report = fcntl(start.report, F_DUPFD_CLOEXEC, 3);
  const long handles = std::min(sysconf(_SC_OPEN_MAX), 65536L);
  for (int handle = 3; handle < handles; ++handle)
    if (handle != report) close(handle);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal_number : {SIGINT, SIGPIPE, SIGTERM}) signal(signal_number, SIG_DFL);
  // Beyond the soft limit comes SIGXCPU, which is known again; beyond the hard one SIGKILL.
  const rlimit time = at_most(start.seconds, start.seconds + 1), memory = at_most(start.memory, start.memory),
               file = at_most(file_limit, file_limit), core = at_most(0, 0);
  if (setrlimit(RLIMIT_CPU, &time) == 0 && setrlimit(RLIMIT_AS, &memory) == 0 &&
      setrlimit(RLIMIT_FSIZE, &file) == 0 && setrlimit(RLIMIT_CORE, &core) == 0 &&
      chdir(start.folder.c_str()) == 0)
    execvpe(start.words[0], start.words.data(), start.environment.data());
  const int error = errno;
  if (write(report, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

// How it ends within `seconds`. The group does not outlive it.
CommandEnd await(pid_t child, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::chrono::microseconds pause{200};
  int state = 0;
  bool in_time = true;
  while (waitpid(child, &state, WNOHANG) == 0) {
    if (Clock::now() >= end) {
      in_time = false;
      kill(-child, SIGKILL);
      waitpid(child, &state, 0);
      break;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds{20000});
  }
  kill(-child, SIGKILL);
  if (!in_time || (WIFSIGNALED(state) && WTERMSIG(state) == SIGXCPU)) return CommandEnd::timeout;
  return WIFEXITED(state) && WEXITSTATUS(state) == 0 ? CommandEnd::right : CommandEnd::wrong;
}

}  // namespace

CommandEnd run_judge(const JudgeCommand& command, std::string_view answer) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  for (const auto& [name, content] : command.files) write_file(folder.path() / name, content);
  write_file(folder.path() / "answer.txt", answer);
  std::vector<std::string> words = command.words;
  const char* programs = std::getenv("PATH");
  std::vector<std::string> environment = {"PATH=" + std::string(programs ? programs : "/usr/bin:/bin"),
                                          "HOME=" + path, "TMPDIR=" + path, "LANG=C.UTF-8"};
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0)
    throw UserError(std::string("cannot start a judge: ") + std::strerror(errno));
  const Start start{path,
                    path + "/answer.txt",
                    pointers(words),
                    pointers(environment),
                    static_cast<std::uint64_t>(std::ceil(command.seconds)),
                    command.memory,
                    pipe_ends[1]};
  const pid_t child = fork();
  if (child == 0) become(start);
  close(pipe_ends[1]);
  int error = child < 0 ? errno : 0;
  if (child > 0) {
    setpgid(child, child);  // here too: whoever comes first
    ssize_t got = 0;
    while ((got = read(pipe_ends[0], &error, sizeof error)) < 0 && errno == EINTR) continue;
    if (got != sizeof error) error = 0;  // it runs
  }
  close(pipe_ends[0]);
  if (error != 0) {
    if (child > 0) waitpid(child, nullptr, 0);
    throw UserError("cannot start " + in_quotes(command.words[0]) + ": " + std::strerror(error));
  }
  return await(child, command.seconds);
}

}  // namespace kelvin
