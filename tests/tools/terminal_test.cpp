// kelvin-chat on a terminal: a pseudo-terminal plays the person.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support.h"
#include "tests/tools/parrot.h"
#include "tests/tools/person.h"

namespace kelvin {
namespace {

using test::Person;

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

TEST_CASE("a thought is dim, or folded") {
  const test::TemporaryFolder state, model;
  test::write_parrot(model.path(), {"Let me", " see.\n", "</think>", "\n\nYes."},
                     "{% for m in messages %}{{ m.content }}{% endfor %}<|a|><think>");
  Person person({"--model", model.path().string(), "--temp", "0", "--no-history"}, state.path());
  REQUIRE(person.sees(prompt_colours));
  person.types("hello?\r");
  CHECK(person.sees("\x1b[2mLet me\x1b[0m\x1b[2m see.\x1b[0m\r\n\r\nYes."));
  REQUIRE(person.sees(prompt_colours));
  person.types("/set think fold\r");
  CHECK(person.sees(", folded"));
  REQUIRE(person.sees(prompt_colours));
  person.types("/regen\r");
  CHECK(person.sees("thinking, 2 tokens"));
  CHECK(person.sees("\r\x1b[KYes.\r\n[thought for 3 tokens"));
  REQUIRE(person.sees(prompt_colours));
  person.types("/show thought\r");
  CHECK(person.sees("Let me see.\r\n"));
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

TEST_CASE("Ctrl-Z suspends at the prompt and in an answer, and fg goes on") {
  const test::TemporaryFolder state;
  Person person({"/bin/sh", "-i"}, Person::Place{.state = state.path(), .columns = 200});
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
