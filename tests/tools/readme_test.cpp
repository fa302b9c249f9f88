// Every command in every README.md runs, and prints what the README says it prints.
//
// A ```console block is a transcript: a line "$ command" and below it the expected output, up to the next "$
// ". A line "..." stands for any lines, and "~" inside a line for any text (a speed, a path). A ```sh block
// is run for its exit status alone.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "sampling/registry.h"
#include "tests/support.h"
#include "tokenizer/unicode/utf8.h"

namespace {

using kelvin::test::run;

struct Command {
  std::string text;
  std::string expected;
  bool checks_output;
};

std::vector<Command> commands_of(const std::string& readme) {
  std::vector<Command> commands;
  std::istringstream lines(readme);
  std::string kind, line;
  while (std::getline(lines, line)) {
    if (line.rfind("```", 0) == 0) {
      kind = kind.empty() ? line.substr(3) + " " : "";
    } else if (kind == "console " && line.rfind("$ ", 0) == 0) {
      commands.push_back({line.substr(2), "", true});
    } else if (kind == "console " && !commands.empty()) {
      commands.back().expected += line + "\n";
    } else if (kind == "sh " && !line.empty()) {
      commands.push_back({line, "", false});
    }
  }
  return commands;
}

// `pattern` with '~' for any run of characters.
bool matches(const char* pattern, const char* text) {
  if (*pattern == '~') {
    for (const char* rest = text;; ++rest) {
      if (matches(pattern + 1, rest)) return true;
      if (!*rest) return false;
    }
  }
  if (!*pattern || !*text) return *pattern == *text;
  return *pattern == *text && matches(pattern + 1, text + 1);
}

bool matches(const std::vector<std::string>& pattern, std::size_t i, const std::vector<std::string>& text,
             std::size_t j) {
  for (; i < pattern.size(); ++i, ++j) {
    if (pattern[i] == "...") {
      for (std::size_t rest = j; rest <= text.size(); ++rest)
        if (matches(pattern, i + 1, text, rest)) return true;
      return false;
    }
    if (j == text.size() || !matches(pattern[i].c_str(), text[j].c_str())) return false;
  }
  return j == text.size();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    while (!line.empty() && line.back() == ' ') line.pop_back();
    lines.push_back(line);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// Of the checkout, front page first.
std::vector<std::filesystem::path> readmes() {
  const std::filesystem::path source = kelvin::test::source_dir();
  std::vector<std::filesystem::path> found = {source / "README.md"};
  for (const char* folder : {"engine", "tokenizer", "loaders", "sampling", "tools", "tests"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source / folder))
      if (entry.path().filename() == "README.md") found.push_back(entry.path());
  std::sort(found.begin() + 1, found.end());
  return found;
}

void check_commands(const std::filesystem::path& readme) {
  CAPTURE(readme);
  kelvin::test::TemporaryFolder folder;
  for (const Command& command : commands_of(kelvin::test::read_text(readme))) {
    // CI runs these two themselves; they build the tree this test belongs to.
    if (command.text.rfind("sh tools/", 0) == 0) continue;
    CAPTURE(command.text);
    // Names as in a checkout after a build; the test may run in any build folder and leaves nothing in the
    // checkout.
    const std::string prepare = "ln -sfn '" + kelvin::test::source_dir().string() +
                                "'/* . && rm -f build && mkdir -p build && ln -sfn '" +
                                kelvin::test::bin_dir().string() + "' build/bin\n";
    const auto finished = run({"/bin/sh", "-c",
                               "cd '" + folder.path().string() + "' && { [ -e build/bin ] || { " + prepare +
                                   "}; }\nexec 2>&1\n" + command.text});
    CAPTURE(finished.out);
    CAPTURE(finished.err);
    CHECK(finished.status == 0);
    if (command.checks_output) {
      INFO("expected:\n", command.expected);
      CHECK(matches(lines_of(command.expected), 0, lines_of(finished.out), 0));
    }
  }
}

}  // namespace

TEST_CASE("the commands of every README.md print what it says") {
  const auto found = readmes();
  CHECK(commands_of(kelvin::test::read_text(found[0])).size() >= 7);
  CHECK(found.size() >= 4);
  std::size_t place = 0;
  for (const auto& readme : found)
    if (!kelvin::test::left_out_today(place++, 3)) check_commands(readme);
}

TEST_CASE("the front page stays a page") {
  const auto lines = lines_of(kelvin::test::read_text(kelvin::test::source_dir() / "README.md"));
  CHECK(lines.size() <= 220);
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(std::count_if(line.begin(), line.end(),
                        [](char c) { return !kelvin::unicode::is_continuation(c); }) <= 140);
  }
}

TEST_CASE("the files and folders that a README.md links to are there") {
  for (const auto& readme : readmes()) {
    CAPTURE(readme);
    const std::string text = kelvin::test::read_text(readme);
    for (std::size_t at = 0; (at = text.find("](", at)) != text.npos;) {
      at += 2;
      const std::string target = text.substr(at, text.find_first_of(")#", at) - at);
      CAPTURE(target);
      if (target.find("://") == target.npos) CHECK(std::filesystem::exists(readme.parent_path() / target));
    }
  }
}

TEST_CASE("the table of samplers in sampling/README.md is the registry's") {
  const std::string readme = kelvin::test::read_text(kelvin::test::source_dir() / "sampling" / "README.md");
  CHECK(readme.find(kelvin::stage_markdown()) != readme.npos);
}
