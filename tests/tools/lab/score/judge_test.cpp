#include "tools/lab/score/judge.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "tests/support.h"
#include "tools/lab/score/answer_values.h"
#include "tools/lab/score/command_judge.h"

namespace kelvin {
namespace {

Verdict judged(const std::string& answer, const std::string& output) {
  const JsonDocument document = parse_json(answer, "task");
  return (*make_judge(document.root()))(output);
}

std::string refusal(const std::string& answer) {
  try {
    make_judge(parse_json(answer, "task").root());
  } catch (const LoadError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("a text is compared but for the blanks around it") {
  CHECK(judged(R"("Paris")", " Paris\n").right);
  CHECK_FALSE(judged(R"("Paris")", "paris").right);
  CHECK_FALSE(judged(R"("Paris")", "Paris.").right);
  CHECK(judged(R"(["no", "nein"])", "nein").right);
  CHECK(judged(R"({"text": "Öl [x*y_z]", "ignore_case": true})", "öL [X*y_Z]").right);
  CHECK_FALSE(judged(R"({"text": "Öl [x*y]", "ignore_case": true})", "öl [xxy]").right);
  CHECK_FALSE(judged(R"("Öl")", "öl").right);
  CHECK(judged(R"({"text": "cold", "where": "begin"})", " cold, of course").right);
  CHECK_FALSE(judged(R"({"text": "cold", "where": "begin"})", "very cold").right);
  CHECK(judged(R"({"text": "cold", "where": "anywhere"})", "very\ncold").right);
  CHECK(judged(R"("a\nb")", "a\nb").right);
  CHECK(*judged(R"("Paris")", " Lyon ").answer == "Lyon");
  CHECK_FALSE(judged(R"("x")", "x\xff").right);
}

TEST_CASE("the choice that comes first as a word of its own is the answer") {
  const std::string answer = R"({"choices": ["A", "B", "New York", "New York City"], "right": "B"})";
  CHECK(judged(answer, "B, not A").right);
  CHECK_FALSE(judged(answer, "A or B").right);
  CHECK(judged(answer, "Absolutely: (B)").right);
  CHECK(*judged(answer, "New York City").answer == "New York City");
  CHECK_FALSE(judged(answer, "C").answer);
  CHECK_FALSE(judged(answer, "BÄ").answer);
}

TEST_CASE("a regular expression is found anywhere, or is all of the output") {
  CHECK(judged(R"({"regex": "\\b4\\b"})", "It is 4.").right);
  CHECK_FALSE(judged(R"({"regex": "\\b4\\b"})", "It is 42.").right);
  CHECK(judged(R"({"regex": "a|bc", "where": "all"})", "bc").right);
  CHECK_FALSE(judged(R"({"regex": "a|bc", "where": "all"})", "abc").right);
}

TEST_CASE("a number is the last of the output, or the first, within its tolerance") {
  CHECK(judged(R"({"number": 42})", "6 * 7 = 42.").right);
  CHECK(judged(R"({"number": 6, "which": "first"})", "6 * 7 = 42").right);
  CHECK_FALSE(judged(R"({"number": 42})", "42 or 43").right);
  CHECK(judged(R"({"number": 3.14, "tolerance": 0.01})", "3.1489").right);
  CHECK_FALSE(judged(R"({"number": 3.14, "tolerance": 0.01})", "3.1511").right);
  CHECK(judged(R"({"number": -200, "relative": 0.05})", "-209.9").right);
  CHECK_FALSE(judged(R"({"number": -200, "relative": 0.05})", "-210.1").right);
  CHECK(*judged(R"({"number": 1})", "4.0").answer == "4");
  CHECK_FALSE(judged(R"({"number": 1})", "none").answer);
  CHECK(*number_in_text("1,234,567.5 in all", true) == 1234567.5);
  CHECK(*number_in_text("12,34", true) == 34);
  CHECK(*number_in_text("-3", true) == -3);
  CHECK(*number_in_text("7-3", true) == 3);
  CHECK(*number_in_text("+.5", true) == 0.5);
  CHECK(*number_in_text("2e-3", true) == 0.002);
  CHECK(*number_in_text("x86 and 5", false) == 5);
  CHECK_FALSE(number_in_text("x86", false));
}

TEST_CASE("JSON is compared by value") {
  const std::string answer = R"({"json": {"a": [1, 2.5], "b": null}})";
  CHECK(judged(answer, R"({"b": null, "a": [1.0, 25e-1]})").right);
  CHECK(judged(answer, "```json\n{\"a\":[1,2.5],\"b\":null}\n```").right);
  CHECK_FALSE(judged(answer, R"({"a": [2.5, 1], "b": null})").right);
  CHECK_FALSE(judged(answer, R"({"a": [1, 2.5]})").right);
  CHECK_FALSE(judged(answer, "a: 1").answer);
  CHECK(canonical_json(parse_json("[18446744073709551615, -9223372036854775808, true]").root()) ==
        "[18446744073709551615,-9223372036854775808,true]");
}

TEST_CASE("a command judges by its exit status, and no shell reads it") {
  const std::string check =
      R"({"command": ["sh", "check.sh", "$(exit 3); *"], "files": {"check.sh": "[ \"$1\" = '$(exit 3); *' ] && grep -q right answer.txt && grep -q right && [ -n \"$HOME\" ] && [ \"$HOME\" = \"$PWD\" ] && [ -z \"$KELVIN_SECRET\" ]"}})";
  setenv("KELVIN_SECRET", "x", 1);
  CHECK(judged(check, "this is right").right);
  CHECK_FALSE(judged(check, "this is not").right);
  unsetenv("KELVIN_SECRET");
  CHECK_THROWS_WITH_AS(judged(R"({"command": ["kelvin-no-such-program"]})", ""),
                       "cannot start \"kelvin-no-such-program\": No such file or directory", UserError);
}

TEST_CASE("a command that does not end is ended, with what it started") {
  const test::TemporaryFolder folder;
  const std::string note = (folder.path() / "pid").string();
  const JudgeCommand command{{"sh", "-c", "sleep 1000 & echo $! > '" + note + "'; sleep 1000"}, {}, 3};
  CHECK(run_judge(command, "") == CommandEnd::timeout);
  const std::string sleeper = test::read_text(note);
  REQUIRE(!sleeper.empty());
  // A killed process may wait for init to take notice: then it is a zombie.
  const test::Finished state = test::run({"/bin/sh", "-c",
                                          "for i in 1 2 3 4 5 6 7 8 9; do s=$(sed 's/.*) //; s/ .*//' "
                                          "/proc/$0/stat 2>&-) || exit 0; [ \"$s\" = Z ] && exit "
                                          "0; sleep 1; done; exit 1",
                                          sleeper.substr(0, sleeper.size() - 1)});
  CHECK(state.status == 0);
}

TEST_CASE("a command's memory and files are limited, and its folder goes") {
  const test::TemporaryFolder folder;
  const std::string note = (folder.path() / "place").string();
  JudgeCommand command{
      {"sh", "-c", "pwd > '" + note + "'; ulimit -v; [ $(ulimit -v) = 65536 ] && [ $(ulimit -c) = 0 ]"},
      {{"data", "x"}},
      60};
  command.memory = std::uint64_t{64} << 20;
  CHECK(run_judge(command, "") == CommandEnd::right);
  std::string place = test::read_text(note);
  place.pop_back();
  CHECK(std::filesystem::path(place).filename().string().starts_with("kelvin-score-"));
  CHECK_FALSE(std::filesystem::exists(place));
}

TEST_CASE("an answer that cannot be judged is refused by its key") {
  CHECK(refusal("42") ==
        "task: {\"number\": ...} or a text in quotes expected: a bare number could mean both");
  CHECK(refusal(R"({"nubmer": 4})") ==
        "task: one of the keys text, choices, regex, number, json and command expected");
  CHECK(refusal(R"({"number": 4, "tolerence": 1})") == "task: unknown key \"tolerence\"");
  CHECK(test::holds(refusal(R"({"number": 4, "tolerance": -1})"), "task: tolerance: "));
  CHECK(test::holds(refusal("{\"regex\": \"(\"}"), "task: regex: "));
  CHECK(refusal(R"({"choices": ["A"], "right": "B"})") ==
        "task: right: one of choices expected, \"B\" found");
  CHECK(refusal(R"({"command": "rm -rf x"})") ==
        "task: command: a list of words expected: no shell reads it");
  CHECK(test::holds(refusal(R"({"command": ["x"], "files": {"../x": ""}})"), "without a folder"));
  CHECK(test::holds(refusal(R"({"text": "Maß", "ignore_case": true})"), "task: text: regex "));
  CHECK(refusal("[]") == "task: at least one text expected");
}

}  // namespace
}  // namespace kelvin
