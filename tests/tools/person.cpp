#include "tests/tools/person.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "tests/support.h"

namespace kelvin::test {
namespace {

constexpr int height = 24;
constexpr int longest_silence = 60000;  // milliseconds of silence

std::vector<std::string> chat_with(std::vector<std::string> options) {
  options.insert(options.begin(), {(bin_dir() / "kelvin-chat").string(), "--threads", "1"});
  return options;
}

std::string joined(const std::vector<std::string>& rows) {
  std::string text;
  for (const std::string& row : rows) text += row + "|\n";
  return text;
}

}  // namespace

Person::Person(const std::vector<std::string>& options, const std::filesystem::path& state)
    : Person(chat_with(options), Place{.state = state}) {}

Person::Person(std::vector<std::string> words, const Place& place) : screen_(place.columns, height) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  winsize size{height, static_cast<unsigned short>(place.columns), 0, 0};
  child_ = forkpty(&terminal_, nullptr, nullptr, &size);
  REQUIRE(child_ >= 0);
  if (child_ > 0) return;
  setenv("TERM", place.term.c_str(), 1);
  for (const char* name : {"XDG_STATE_HOME", "HOME"}) setenv(name, place.state.c_str(), 1);
  for (const char* name : {"NO_COLOR", "COLORTERM", "ENV"}) unsetenv(name);
  execv(argv[0], argv.data());
  _exit(127);
}

Person::~Person() {
  if (child_ > 0) kill(child_, SIGKILL);
  finish();
  close(terminal_);
}

void Person::types(const std::string& keys) { REQUIRE(::write(terminal_, keys.data(), keys.size()) > 0); }

void Person::makes_columns(int columns) {
  winsize size{height, static_cast<unsigned short>(columns), 0, 0};
  screen_.resize(columns);
  REQUIRE(ioctl(terminal_, TIOCSWINSZ, &size) == 0);
}

void Person::makes_columns_at_once(int columns) {
  int state = 0;
  kill(child_, SIGSTOP);
  REQUIRE(waitpid(child_, &state, WUNTRACED) == child_);
  while (read_some(0)) {
  }
  makes_columns(columns);
  kill(child_, SIGCONT);
}

bool Person::sees(const std::string& text) {
  for (;;) {
    if (const std::size_t at = written_.find(text, seen_); at != written_.npos) {
      seen_ = at + text.size();
      return true;
    }
    if (!read_some(longest_silence)) break;
  }
  MESSAGE("not seen: ", text, "\nbut: ", written_.substr(seen_));
  return false;
}

bool Person::shows(const std::vector<std::string>& rows, int cursor_column) {
  for (;;) {
    const std::vector<std::string> shown = screen_.rows();
    if (shown.size() >= rows.size() && std::equal(rows.rbegin(), rows.rend(), shown.rbegin()) &&
        (cursor_column < 0 || cursor_column == screen_.cursor_column())) {
      seen_ = written_.size();
      return true;
    }
    if (!read_some(longest_silence)) break;
  }
  MESSAGE("not shown:\n", joined(rows), "but:\n", joined(screen_.rows()));
  return false;
}

int Person::finish() {
  if (child_ <= 0) return status_;
  while (read_some(longest_silence)) {
  }
  // It closed the terminal, or has been silent for so long that it waits for what will never be typed.
  int state = 0;
  bool ended = false;
  for (int tries = 0; !ended && tries < 100; ++tries) {
    ended = waitpid(child_, &state, WNOHANG) != 0;
    if (!ended) usleep(20000);
  }
  if (!ended) {
    kill(child_, SIGKILL);
    waitpid(child_, &state, 0);
  }
  child_ = 0;
  return status_ = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

bool Person::read_some(int milliseconds) {
  pollfd waiting{terminal_, POLLIN, 0};
  if (poll(&waiting, 1, milliseconds) <= 0) return false;
  char bytes[4096];
  const ssize_t got = read(terminal_, bytes, sizeof bytes);
  if (got <= 0) return false;
  written_.append(bytes, static_cast<std::size_t>(got));
  screen_.feed({bytes, static_cast<std::size_t>(got)});
  return true;
}

}  // namespace kelvin::test
