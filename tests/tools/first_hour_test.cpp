// The first hour of a stranger, screen by screen. What the demo model says is the same on every machine.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support.h"
#include "tests/tools/person.h"

namespace kelvin {
namespace {

using test::Person;

const std::vector<std::string> story_80 = {
    "Once upon a time, a brave fox lived in the tree house. The fox's name was Maya.",
    "The fox had a paper compass and was very proud of it. Maya wanted to look at it",
    "for a moment only, but it fell down. \"Nobody will know,\" thought Maya. But that",
    "night she could not sleep. \"It was me,\" she said with tears in her eyes. The",
    "fox was sad for a moment, but then she smiled. Together they made a new one.",
    "And that is how the fox learned something new.",
};

std::vector<std::string> together(std::vector<std::string> rows, const std::vector<std::string>& more) {
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

const std::string message = "Tell me a story about a brave fox.";

TEST_CASE("in a shell: the tour's commands, a chat, Ctrl-Z and fg, Tab, the end") {
  const test::TemporaryFolder state;
  Person person({"/bin/sh", "-i"}, Person::Place{.state = state.path()});
  person.types("PS1='rea''dy> ' PATH=" + test::bin_dir().string() + ":$PATH; cd " +
               test::source_dir().string() + "/tools\n");
  REQUIRE(person.sees("ready> "));
  person.types("printf '" + message +
               "\\n/why fisherman\\n' | kelvin-chat --temp 1.3 --top-k 40 --seed 7 --n 23\n");
  CHECK(person.shows({
      "Yes, listen. There once was a nervous fisherman who lived in the desert. She",
      "was called Jasper. In the",
      "[cut after 23 tokens; /set n changes that, 0 for no limit]",
      "token 10 of 23, \" fisherman\", after \"Yes, listen. There once was a nervous\"",
      "(position 28, seed 7)",
      "  stage     possible  removed  entropy  likeliest      drawn: \" fisherman\"",
      "  (model)       2048            0.2708  \" fox\" 94.77%  3.47%, rank 2",
      "  top-k=40        40    0.14%   0.2524  \" fox\" 94.90%  3.47%, rank 2",
      "  temp=1.3        40        -   0.5764  \" fox\" 87.54%  6.87%, rank 2",
      "  top-k=40 removed 2008 tokens, together 0.14%, the likeliest of them",
      "\"<|end_header_id|>\" (1.8e-05).",
      "  \" fisherman\" had 3.47%, rank 2, by the model and 6.87%, rank 2, at the end of",
      "the chain: a draw takes it once in 15 times.",
      "  Greedy would have said \" fox\": 94.77%, rank 1, by the model; 87.54%, rank 1,",
      "at the end.",
      "  temp=1.3 moved the odds: \" fox\" from 94.90% to 87.54%, \" fisherman\" from",
      "3.47% to 6.87%.",
      "  The draw takes the largest ln p + noise: \" fisherman\" has -2.68 + 3.46 =",
      "0.78; the likeliest other, \" fox\" has -0.13 - 0.38 = -0.51.",
      "  The same noise gives \" fox\" at T = 0.5, \" fisherman\" at T = 1, \" fisherman\"",
      "at T = 2.",
      "seed 7",
      "ready>",
  }));
  person.types("kelvin-chat -p '" + message + "' --temp -0.001 --seed 2 --n 20\n");
  CHECK(person.shows({
      "note: temp=-0.001 acts on the whole vocabulary: the default min-p=0.05 is off",
      "orse.\" "
      "lam\uFFFDorest\u0430orest\uFFFD\uFFFD\u043E\u043B\u043E\u0433\u0438\uFFFD\uFFFDorestorestorestorestore"
      "stenergalaceenergalace",
      "[cut after 20 tokens; /set n changes that, 0 for no limit]",
      "seed 2",
      "ready>",
  }));
  person.types("kelvin-chat --temp 0 --seed 1 --threads 1\n");
  CHECK(person.shows({"chain temp=0   /help lists what can be done, Ctrl-D ends", ">"}));
  person.types("half a li\x1a");
  CHECK(person.sees("Stopped"));
  CHECK(person.sees("ready> "));
  CHECK(person.screen().rows().back() == "ready>");
  person.types("fg\n");
  CHECK(person.shows({"ready> fg", "kelvin-chat --temp 0 --seed 1 --threads 1", "> half a li"}));
  person.types("\x15" + message + "\r");
  const std::vector<std::string> answered = together({"> " + message}, together(story_80, {"", ">"}));
  CHECK(person.shows(answered));
  person.types("/s\t");
  CHECK(person.shows({"> /s", "/save  /seed  /set  /show  /system", "> /s"}));
  person.types("\x15/load ember/sa\t");
  CHECK(person.shows({"/save  /seed  /set  /show  /system", "> /load ember/samples.md"}));
  person.types("\x15/why\r");
  CHECK(person.shows({
      "> /why",
      "its most surprising tokens; /why N explains one",
      "   27  p 0.07443     2.60 nats  \" comp\"",
      "   26  p 0.1653      1.80 nats  \" paper\"",
      "    1  p 0.2134      1.54 nats  \"Once\"",
      "   22  p 0.2183      1.52 nats  \" The\"",
      "   15  p 0.2382      1.43 nats  \" The\"",
      ">",
  }));
  person.types("\x04");
  CHECK(person.shows({">", "seed 1", "ready>"}));
  person.types("exit\n");
  CHECK(person.finish() == 0);
  CHECK(person.screen().unknown() == "");
}

TEST_CASE("a terminal that cannot move its cursor has a plain prompt, and gets no sequence at all") {
  const test::TemporaryFolder state;
  Person person({(test::bin_dir() / "kelvin-chat").string(), "--threads", "1", "--temp", "0", "--seed", "1",
                 "--n", "12"},
                Person::Place{.state = state.path(), .term = "dumb"});
  CHECK(person.shows({"chain temp=0   /help lists what can be done, Ctrl-D ends", ">"}));
  person.types(message + "\n");
  CHECK(person.shows({"> " + message, "Once upon a time, a brave fox lived in the tree",
                      "[cut after 12 tokens; /set n changes that, 0 for no limit]", ">"}));
  person.types("/set color on\n");
  CHECK(person.shows(
      {"> /set color on", "error: color: a terminal with colours expected (TERM, NO_COLOR)", ">"}));
  person.types("\x04");
  CHECK(person.finish() == 0);
  CHECK(person.written().find('\x1b') == std::string::npos);
}

}  // namespace
}  // namespace kelvin
