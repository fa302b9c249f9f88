// kelvin-chat on a terminal: a pseudo-terminal plays the person.
#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "tests/support.h"

namespace kelvin {
namespace {

class Person {
 public:
  Person(std::vector<std::string> options, const std::filesystem::path& state) {
    options.insert(options.begin(), {(test::bin_dir() / "kelvin-chat").string(), "--threads", "1"});
    std::vector<char*> argv;
    for (std::string& option : options) argv.push_back(option.data());
    argv.push_back(nullptr);
    winsize size{24, 80, 0, 0};
    child_ = forkpty(&terminal_, nullptr, nullptr, &size);
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      setenv("TERM", "xterm", 1);
      setenv("XDG_STATE_HOME", state.c_str(), 1);
      execv(argv[0], argv.data());
      _exit(127);
    }
  }
  ~Person() {
    if (child_ > 0) kill(child_, SIGKILL);
    finish();
    close(terminal_);
  }
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;

  void types(const std::string& keys) { REQUIRE(::write(terminal_, keys.data(), keys.size()) > 0); }

  // Waits until `text` shows after what was seen before.
  bool sees(const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < end) {
      if (const std::size_t at = screen_.find(text, seen_); at != screen_.npos) {
        seen_ = at + text.size();
        return true;
      }
      if (!read_some()) break;
    }
    MESSAGE("not seen: ", text, "\nbut: ", screen_.substr(seen_));
    return false;
  }

  int finish() {
    if (child_ <= 0) return status_;
    while (read_some()) {
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

 private:
  bool read_some() {
    pollfd waiting{terminal_, POLLIN, 0};
    if (poll(&waiting, 1, 30000) <= 0) return false;
    char bytes[4096];
    const ssize_t got = read(terminal_, bytes, sizeof bytes);
    if (got <= 0) return false;
    screen_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int terminal_ = -1, status_ = -1;
  pid_t child_ = 0;
  std::string screen_;
  std::size_t seen_ = 0;
};

const std::string prompt_colours = "\x1b[1;36m> \x1b[0m";

TEST_CASE("typing, editing, history and the end") {
  const test::TemporaryFolder state;
  Person person({"--temp", "0"}, state.path());
  REQUIRE(person.sees("/help lists what can be done"));
  REQUIRE(person.sees(prompt_colours));
  person.types(
      "Tell me a story about a shy dragno\x17"
      "dragon.\r");
  CHECK(person.sees("a shy dragon."));
  CHECK(person.sees("Once upon a time"));
  REQUIRE(person.sees(prompt_colours));
  person.types("\x1b[A");  // the line before
  CHECK(person.sees("a shy dragon."));
  person.types("\x15/nonsense\r");
  CHECK(person.sees("unknown command /nonsense"));
  REQUIRE(person.sees(prompt_colours));
  person.types("\x04");
  CHECK(person.sees("seed "));
  CHECK(person.finish() == 0);
  CHECK(test::read_text(state.path() / "kelvin" / "chat_history") ==
        "Tell me a story about a shy dragon.\n/nonsense\n");
}

TEST_CASE("several lines: a paste, a backslash, a block") {
  const test::TemporaryFolder state;
  Person person({"--temp", "0", "--n", "2", "--no-history"}, state.path());
  REQUIRE(person.sees(prompt_colours));
  person.types("\x1b[200~one\rtwo\x1b[201~\r");
  CHECK(person.sees("[cut after 2 tokens"));
  person.types("three \\\rfour\r");
  CHECK(person.sees("[cut after 2 tokens"));
  person.types("\"\"\"\rfive\rsix\"\"\"\r");
  CHECK(person.sees("[cut after 2 tokens"));
  person.types("/save " + (state.path() / "chat").string() + "\r");
  CHECK(person.sees("saved 6 messages"));
  const std::string saved = test::read_text(state.path() / "chat");
  CHECK(saved.find("\"one\\ntwo\"") != saved.npos);
  CHECK(saved.find("\"three \\nfour\"") != saved.npos);
  CHECK(saved.find("\"five\\nsix\"") != saved.npos);
  CHECK_FALSE(std::filesystem::exists(state.path() / "kelvin"));
}

TEST_CASE("Ctrl-C stops an answer, clears a line, and twice ends the chat") {
  const test::TemporaryFolder state;
  Person person({"--temp", "1e5", "--ban", "id:2044,2047", "--n", "0", "--ctx", "1000000", "--seed", "1"},
                state.path());
  REQUIRE(person.sees(prompt_colours));
  person.types("hello\r");
  REQUIRE(person.sees("\x1b[?2004l"));  // the line is sent
  usleep(300000);
  person.types("\x03");
  CHECK(person.sees("[stopped]"));
  REQUIRE(person.sees(prompt_colours));
  person.types("half a line\x03");
  person.types("/seed\r");
  CHECK(person.sees("seed 1  (--seed)"));
  REQUIRE(person.sees(prompt_colours));
  person.types("\x03");
  CHECK(person.sees("[Ctrl-C again ends the chat]"));
  REQUIRE(person.sees(prompt_colours));
  person.types("\x03");
  CHECK(person.finish() == 130);
}

}  // namespace
}  // namespace kelvin
