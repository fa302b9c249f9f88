// kelvin-generate --draws as a user runs it: lines as they come, interruptions, files that are gone on with.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"

namespace kelvin {
namespace {

struct DrawsPlace {
  test::TemporaryFolder folder;
  std::string out = (folder.path() / "draws.jsonl").string();

  static std::vector<std::string> command(std::vector<std::string> more) {
    std::vector<std::string> argv = {"kelvin-generate", "--prompt", "The fox", "--sample",
                                     "temp=1.2",        "--n",      "14"};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  static test::Finished run(std::vector<std::string> more) {
    return test::run_tool(command(std::move(more)));
  }
  std::string text() const { return test::read_text(out); }
  void write(const std::string& text) const { std::ofstream(out, std::ios::binary) << text; }
};

// The first `count` lines, and a part of the next one.
std::string beginning(const std::string& text, int count) {
  std::size_t end = 0;
  for (int i = 0; i < count; ++i) end = text.find('\n', end) + 1;
  return text.substr(0, end + 20);
}

TEST_CASE("a file of draws is what stdout gets, whatever runs side by side, and goes on from any line") {
  const DrawsPlace place;
  const test::Finished shown = place.run({"--seed", "5", "--draws", "7", "--json"});
  const std::string expected = test::results(shown);
  REQUIRE(place.run({"--seed", "5", "--draws", "7", "--out", place.out, "--batch", "3"}).status == 0);
  const std::string whole = place.text();
  CHECK(whole.substr(0, whole.find(",\"provenance\"")) + "}\n" == expected);
  CHECK(test::json_lines(whole).back().root().at("provenance").at("seed").as_uint() == 5);

  // Lines in any order, the last one cut off; the seed is the file's.
  std::string lines = expected.substr(expected.find('\n') + 1);
  lines = beginning(lines, 2);
  place.write(lines);
  const test::Finished on = place.run({"--draws", "7", "--out", place.out, "--batch", "3", "--stats"});
  REQUIRE_MESSAGE(on.status == 0, on.err);
  CHECK(place.text().substr(0, place.text().find(",\"provenance\"")) + "}\n" == expected);
  CHECK(test::holds(on.err, "\n7 draws, "));

  // More of them: the lines that are there stay.
  REQUIRE(place.run({"--draws", "9", "--out", place.out}).status == 0);
  const std::vector<JsonDocument> more = test::json_lines(place.text());
  REQUIRE(more.size() == 9);
  for (std::size_t i = 0; i < more.size(); ++i) {
    CHECK(more[i].root().at("draw").as_uint() == i);
    CHECK(more[i].root().find("provenance").has_value() == (i == 8));
  }
  CHECK(place.text().starts_with(expected.substr(0, expected.size() - 2)));
}

TEST_CASE("an interruption keeps every draw that was done, and the same command goes on") {
  const DrawsPlace place;
  std::vector<std::string> argv = DrawsPlace::command({"--seed", "8", "--draws", "4000", "--ignore-eos",
                                                       "--out", place.out, "--batch", "4", "--threads", "1"});
  argv[0] = (test::bin_dir() / argv[0]).string();
  std::vector<char*> words;
  for (std::string& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    execv(words[0], words.data());
    _exit(127);
  }
  const auto lines = [&] {
    std::ifstream in(place.out);
    return std::count(std::istreambuf_iterator<char>(in), {}, '\n');
  };
  for (int i = 0; i < 6000 && lines() < 5; ++i) usleep(10000);
  kill(child, SIGINT);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  const auto kept = lines();
  REQUIRE(kept >= 5);
  REQUIRE(kept < 4000);
  CHECK(!test::holds(place.text(), "interrupted"));
  const std::string draws = std::to_string(kept + 3);
  REQUIRE(place.run({"--seed", "8", "--draws", draws, "--ignore-eos", "--out", place.out}).status == 0);
  const DrawsPlace other;
  REQUIRE(other.run({"--seed", "8", "--draws", draws, "--ignore-eos", "--out", other.out}).status == 0);
  const auto without = [](const std::string& text) { return text.substr(0, text.find(",\"provenance\"")); };
  CHECK(without(place.text()) == without(other.text()));
}

TEST_CASE("a file of something else, or of another run, is left as it is") {
  const DrawsPlace place;
  const auto refused = [&](std::vector<std::string> more, const std::string& expected) {
    more.insert(more.end(), {"--draws", "2", "--out", place.out});
    const std::string before = place.text();
    const test::Finished done = place.run(more);
    CHECK(done.status == 2);
    CHECK_MESSAGE(test::holds(done.err, expected), done.err);
    CHECK(place.text() == before);
  };
  place.write("a letter");
  refused({}, "a text that --draws did not write");
  place.write("{\"draw\":0}\n");
  refused({}, "line 1: key \"run\" expected");
  REQUIRE(DrawsPlace::run({"--seed", "3", "--draws", "1", "--out", (place.folder.path() / "own").string()})
              .status == 0);
  place.write(test::read_text(place.folder.path() / "own"));
  refused({"--seed", "4"}, "draws of another model, prompt, chain, seed");
  CHECK(DrawsPlace::run({"--out", place.out}).status == 2);
}

TEST_CASE("--stats sums up all draws in one line") {
  const test::Finished done = DrawsPlace::run({"--seed", "5", "--draws", "3", "--stats"});
  CHECK(done.status == 0);
  CHECK(std::count(done.err.begin(), done.err.end(), '\n') == 3);
  CHECK(test::holds(done.err, "\n3 draws, "));
  CHECK(test::holds(done.err, " tok/s\n"));
}

}  // namespace
}  // namespace kelvin
