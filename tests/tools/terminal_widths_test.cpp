// What is typed and told on a narrow terminal, and on one that gets another width.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support.h"
#include "tests/tools/person.h"

namespace kelvin {
namespace {

using test::Person;

const std::string asks_for_fox = "Tell me a story about a brave fox.";

const std::vector<std::string> fox_in_40_columns = {
    "Once upon a time, a brave fox lived in", "the tree house. The fox's name was",
    "Maya. The fox had a paper compass and",  "was very proud of it. Maya wanted to",
    "look at it for a moment only, but it",   "fell down. \"Nobody will know,\" thought",
    "Maya. But that night she could not",     "sleep. \"It was me,\" she said with tears",
    "in her eyes. The fox was sad for a",     "moment, but then she smiled. Together",
    "they made a new one. And that is how",   "the fox learned something new.",
};

TEST_CASE("40 columns: what is told and typed, wide characters, a paste, a search") {
  const test::TemporaryFolder state;
  std::filesystem::create_directory(state.path() / "kelvin");
  std::ofstream(state.path() / "kelvin" / "chat_history") << "Who is Anna?\n/set temp 0.5\n";
  Person person({(test::bin_dir() / "kelvin-chat").string(), "--threads", "1", "--temp", "0", "--seed", "1"},
                Person::Place{.state = state.path(), .columns = 40});
  CHECK(person.shows({"chain temp=0   /help lists what can be", "done, Ctrl-D ends", ">"}));
  person.types("/set tmep 3\r");
  CHECK(person.shows({"> /set tmep 3", "error: unknown setting \"tmep\"; did you", "mean temp?", ">"}));
  person.types("/help\r");
  CHECK(person.shows({
      "Several lines: end a line with \\, press",
      "Alt-Enter, or put the text between \"\"\"",
      "and \"\"\".",
      "Tab completes commands, settings and",
      "files, Ctrl-R searches what was typed",
      "before.",
      "Ctrl-C stops an answer, twice it ends",
      "the chat; Ctrl-Z suspends it.",
      "/set color on colours answers by",
      "probability: p>1/3 p>1/9 p>1/27 p>1/81",
      "p>1/243 p>1/729 less",
      ">",
  }));
  person.types(
      "a "
      "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22"
      "\u5b57"
      " nai\u0308ve cafe\u0301");
  CHECK(person.shows({
      "p>1/243 p>1/729 less",
      "> a "
      "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57"
      "\u6f22",
      "\u5b57 nai\u0308ve cafe\u0301",
  }));
  person.types("\x1b[D\x1b[D\x7f\x7f\x01\x1b[C\x1b[C\x1b[3~");
  CHECK(person.shows(
      {
          "p>1/243 p>1/729 less",
          "> a "
          "\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22"
          "\u5b57",
          "nai\u0308ve fe\u0301",
      },
      4));
  person.types("\x03\x1b[200~one\r\n\ttwo \x1b[31m\r\u6f22\x1b[201~");
  CHECK(person.shows({"p>1/243 p>1/729 less", "> one", "      two [31m", "  \u6f22"}));
  person.types(
      "\x03\x12"
      "a");
  CHECK(person.shows({"p>1/243 p>1/729 less", "history \"a\": Who is Anna?"}));
  person.types("nnx");
  CHECK(person.shows({"p>1/243 p>1/729 less", "not found \"annx\": Who is Anna?"}));
  person.types("\x07");
  CHECK(person.shows({"p>1/243 p>1/729 less", ">"}));
  // Typed ahead: the second line waits for the editor.
  person.types("/set color on\r" + asks_for_fox + "\r");
  std::vector<std::string> answered = {"> /set color on", "p>1/3 p>1/9 p>1/27 p>1/81 p>1/243", "p>1/729 less",
                                       "color on", "> " + asks_for_fox};
  answered.insert(answered.end(), fox_in_40_columns.begin(), fox_in_40_columns.end());
  answered.insert(answered.end(), {"", ">"});
  CHECK(person.shows(answered));
  CHECK(person.screen().style_of("p>1/27") == "38;5;149");
  CHECK(person.screen().style_of("Once upon") == "38;5;114");
  CHECK(person.screen().style_of("upon") == "");
  person.types("\x04");
  CHECK(person.finish() == 0);
  CHECK(person.screen().unknown() == "");
}

TEST_CASE("another width: of the line that is typed, and while an answer comes") {
  const test::TemporaryFolder state;
  Person person({"--temp", "0", "--seed", "1", "--no-history"}, state.path());
  REQUIRE(person.sees("> "));
  person.types("one two three four five six seven eight nine ten");
  const std::string line = "> one two three four five six seven eight nine ten";
  CHECK(person.shows({line}));
  person.makes_columns_at_once(30);
  CHECK(person.shows({"> one two three four five six", " seven eight nine ten"}));
  person.makes_columns_at_once(12);
  CHECK(person.shows({"> one two t", "hree four f", "ive six sev", "en eight ni", "ne ten"}));
  person.makes_columns_at_once(40);
  CHECK(person.shows({"> one two three four five six seven eig", "ht nine ten"}));
  person.makes_columns_at_once(80);
  CHECK(person.shows({line}));
  person.types("\x15" + asks_for_fox + "\r");
  REQUIRE(person.sees("Once upon"));
  person.makes_columns_at_once(40);
  CHECK(person.sees("new."));
  CHECK(person.shows({"", ">"}));
  // Where the row was when the terminal became narrower is chance, and all that follows wraps after it; no letter is.
  std::string letters, expected;
  const std::vector<std::string> rows = person.screen().rows();
  const auto begin = std::find(rows.begin(), rows.end(), "> " + asks_for_fox);
  REQUIRE(begin != rows.end());
  for (auto row = begin + 1; row != rows.end() - 1; ++row) letters += *row;
  for (const std::string& row : fox_in_40_columns) expected += row;
  std::erase(letters, ' ');
  std::erase(expected, ' ');
  CHECK(letters == expected);
  person.types("\x04");
  CHECK(person.finish() == 0);
  CHECK(person.screen().unknown() == "");
}

}  // namespace
}  // namespace kelvin
