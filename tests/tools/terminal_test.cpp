// kelvin-chat on a terminal: a pseudo-terminal plays the person.
#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support.h"

namespace kelvin {
namespace {

class Person {
 public:
  Person(const std::vector<std::string>& options, const std::filesystem::path& state)
      : Person(chat_with(options), 80, state) {}
  Person(std::vector<std::string> words, int columns, const std::filesystem::path& state) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    winsize size{24, static_cast<unsigned short>(columns), 0, 0};
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

  static std::vector<std::string> chat_with(std::vector<std::string> options) {
    options.insert(options.begin(), {(test::bin_dir() / "kelvin-chat").string(), "--threads", "1"});
    return options;
  }

  void makes_columns(int columns) {
    winsize size{24, static_cast<unsigned short>(columns), 0, 0};
    REQUIRE(ioctl(terminal_, TIOCSWINSZ, &size) == 0);
  }

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

TEST_CASE("Tab completes, offers, and is a character in a message; Ctrl-R finds what was typed") {
  const test::TemporaryFolder state;
  std::filesystem::create_directory(state.path() / "kelvin");
  std::ofstream(state.path() / "kelvin" / "chat_history") << "/set temp 0.5\n/seed 3\nTell me of Anna.\n";
  std::ofstream(state.path() / "saved chat") << "{";
  Person person({"--temp", "0", "--n", "2"}, state.path());
  REQUIRE(person.sees(prompt_colours));
  person.types("/he\t");
  CHECK(person.sees("/help "));
  person.types("\r");
  CHECK(person.sees("Tab completes"));
  REQUIRE(person.sees(prompt_colours));
  person.types("/se\t");
  CHECK(person.sees("/seed  /set\r\n"));
  CHECK(person.sees(prompt_colours + "/se"));
  person.types("t\x20st\ta\t\x20on\r");
  CHECK(person.sees("stats on"));
  REQUIRE(person.sees(prompt_colours));
  person.types("/load " + state.path().string() + "/sav\t");
  CHECK(person.sees("saved chat "));
  person.types("\x03");
  REQUIRE(person.sees(prompt_colours));
  person.types("\x12tem");
  CHECK(person.sees("history \"tem\": "));
  CHECK(person.sees("/set temp 0.5"));
  person.types("\r");
  CHECK(person.sees("chain min-p=0.05,temp=0.5"));
  REQUIRE(person.sees(prompt_colours));
  person.types(
      "\x12"
      "e\x12\x12\x07/seed\r");  // cancelled: the line is empty again
  CHECK(person.sees("seed "));
  REQUIRE(person.sees(prompt_colours));
  person.types("\x04");
  CHECK(person.finish() == 0);
}

TEST_CASE("answers in colours, and their legend") {
  const test::TemporaryFolder state;
  Person person({"--no-history", "--sample", "temp=1.5", "--seed", "7", "--n", "40"}, state.path());
  REQUIRE(person.sees(prompt_colours));
  person.types("/set color on\r");
  CHECK(person.sees("p>1/3 \x1b[38;5;114mp>1/9"));
  REQUIRE(person.sees(prompt_colours));
  person.types("Tell me a story about a brave fox.\r");
  CHECK(person.sees("\x1b[1;38;5;170m"));
  CHECK(person.sees("[cut after 40 tokens"));
  REQUIRE(person.sees(prompt_colours));
  person.types("/why\r");
  CHECK(person.sees("its most surprising tokens"));
  REQUIRE(person.sees(prompt_colours));
  person.types("/show prompt\r");
  CHECK(person.sees("\x1b[1;35m<|begin_of_text|>\x1b[0m"));
  person.types("\x04");
  CHECK(person.finish() == 0);
}

TEST_CASE("another width draws the line anew; help wraps between words") {
  const test::TemporaryFolder state;
  Person person({"--no-history"}, state.path());
  REQUIRE(person.sees(prompt_colours));
  person.types("one two three four five six seven eight nine ten");
  CHECK(person.sees("nine ten"));
  person.makes_columns(30);
  CHECK(person.sees("> \x1b[0mone two three four five six\r\r\n seven"));
  person.types("\x03/why\r");
  CHECK(person.sees("error: there is no answer"));
  person.types("/help\r");
  CHECK(person.sees("/help"));
  CHECK(person.sees("Ctrl-C stops an answer, twice\r\nit ends the chat;"));
  person.types("\x04");
  CHECK(person.finish() == 0);
}

TEST_CASE("Ctrl-Z suspends at the prompt and in an answer, and fg goes on") {
  const test::TemporaryFolder state;
  Person person({"/bin/sh", "-i"}, 200, state.path());
  person.types("PS1='rea''dy> '; cd " + test::bin_dir().string() + "\n");
  REQUIRE(person.sees("ready> "));
  // An answer without an end.
  person.types("./kelvin-chat --threads 1 --no-history --temp 0 --ban id:2044,2047 --n 0 --ctx 1000000\n");
  REQUIRE(person.sees(prompt_colours));
  person.types("half\x1a");
  CHECK(person.sees("Stopped"));
  REQUIRE(person.sees("ready> "));
  person.types("fg\n");
  REQUIRE(person.sees(prompt_colours + "half"));
  person.types(" a line\r");
  REQUIRE(person.sees("\x1b[?2004l"));
  REQUIRE(person.sees(" the "));
  person.types("\x1a");
  CHECK(person.sees("Stopped"));
  REQUIRE(person.sees("ready> "));
  person.types("echo se'en'\n");  // the shell shows what is typed
  CHECK(person.sees("seen"));
  REQUIRE(person.sees("ready> "));
  person.types("fg\n");
  REQUIRE(person.sees("kelvin-chat"));
  REQUIRE(person.sees(" the "));
  person.types("\x03");
  CHECK(person.sees("[stopped]"));
  REQUIRE(person.sees(prompt_colours));
  person.types("\x04");
  REQUIRE(person.sees("ready> "));
  person.types("exit\n");
  CHECK(person.finish() == 0);
}

TEST_CASE("Ctrl-C while the terminal is behind: nothing is lost, the chat goes on") {
  const test::TemporaryFolder state;
  Person person({"--temp", "1e5", "--ban", "id:2044,2047", "--n", "0", "--ctx", "1000000", "--seed", "1"},
                state.path());
  REQUIRE(person.sees(prompt_colours));
  person.types("hello\r");
  // Nobody reads: the answer fills what the terminal holds, and waits.
  usleep(2000000);
  person.types("\x03");
  CHECK(person.sees("[stopped]"));
  REQUIRE(person.sees(prompt_colours));
  person.types("/seed\r");
  CHECK(person.sees("seed 1  (--seed)"));
  person.types("\x04");
  CHECK(person.finish() == 0);
}

}  // namespace
}  // namespace kelvin
