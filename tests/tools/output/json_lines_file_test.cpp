#include "tools/output/json_lines_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "tests/support.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

struct LinesPlace {
  test::TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "lines.jsonl";
  void write(const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }
  std::string text() const { return test::read_text(path); }
};

TEST_CASE("lines follow the whole ones; a partly written one is cut when the file is recognised") {
  const LinesPlace place;
  place.write("[1]\n[2]\n[3");
  {
    JsonLinesFile file(place.path);
    CHECK(file.lines() == "[1]\n[2]\n");
    CHECK(file.rest() == "[3");
    CHECK(place.text() == "[1]\n[2]\n[3");
    file.cut_rest();
    CHECK(place.text() == "[1]\n[2]\n");
    file.add("[33]");
    CHECK(place.text() == "[1]\n[2]\n[33]\n");
  }
  JsonLinesFile again(place.path);
  CHECK(again.rest().empty());
  again.cut_rest();
  again.add("[4]");
  CHECK(place.text() == "[1]\n[2]\n[33]\n[4]\n");
}

TEST_CASE("a file that is not recognised stays as it is") {
  const LinesPlace place;
  place.write("a text without line end");
  { const JsonLinesFile file(place.path); }
  CHECK(place.text() == "a text without line end");
}

TEST_CASE("a new file begins empty") {
  const LinesPlace place;
  JsonLinesFile file(place.path);
  CHECK(file.lines().empty());
  CHECK(file.rest().empty());
  file.cut_rest();
  file.add("{}");
  CHECK(place.text() == "{}\n");
}

TEST_CASE("two cannot write one file, and the second is told in the caller's words") {
  const LinesPlace place;
  const JsonLinesFile file(place.path);
  CHECK_THROWS_WITH_AS(JsonLinesFile(place.path, "another run has it"),
                       ("cannot write " + place.path.string() + ": another run has it").c_str(), UserError);
}

TEST_CASE("lines that are not kept leave the file, which stays what it was in all else") {
  namespace fs = std::filesystem;
  const LinesPlace place;
  place.write("[1]\n[2]\n[3]\n[4");
  fs::permissions(place.path, fs::perms::owner_read | fs::perms::owner_write);
  const fs::path link = place.folder.path() / "link";
  fs::create_symlink(place.path, link);
  {
    JsonLinesFile file(link);
    file.cut_rest();
    file.add("[5]");
    file.keep_only([](std::string_view lines) {
      CHECK(lines == "[1]\n[2]\n[3]\n[5]\n");
      return std::set<std::size_t>{2, 4};
    });
    CHECK(place.text() == "[2]\n[5]\n");
    CHECK_THROWS_AS(JsonLinesFile(place.path), UserError);
    file.add("[6]");
    file.keep_only([](std::string_view) { return std::set<std::size_t>{1, 2, 3}; });
  }
  CHECK(place.text() == "[2]\n[5]\n[6]\n");
  CHECK(fs::is_symlink(link));
  CHECK(fs::status(place.path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  const auto files = std::distance(fs::directory_iterator(place.folder.path()), fs::directory_iterator());
  CHECK(files == 2);
}

TEST_CASE("a full disk and a folder are errors that name the file") {
  CHECK_THROWS_WITH_AS(JsonLinesFile("/tmp"), "cannot write /tmp: Is a directory", UserError);
  if (!std::filesystem::exists("/dev/full")) return;
  JsonLinesFile file("/dev/full");
  file.cut_rest();
  CHECK_THROWS_WITH(file.add("{}"), "cannot write /dev/full: No space left on device");
}

TEST_CASE("lines are handed out in order, with their numbers") {
  std::vector<std::string> seen;
  for_each_line("a\n\nbc\n", [&](std::size_t number, std::string_view line) {
    seen.push_back(std::to_string(number) + std::string(line));
  });
  CHECK(seen == std::vector<std::string>{"1a", "2", "3bc"});
}

}  // namespace
}  // namespace kelvin
