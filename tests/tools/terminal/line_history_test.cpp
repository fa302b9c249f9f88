#include "tools/terminal/line_history.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <fstream>

#include "tests/support.h"

namespace kelvin {

TEST_CASE("history survives in its file, several lines and backslashes included") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "deeper" / "history";
  {
    LineHistory history(file);
    history.add("first");
    history.add("two\nlines \\n");
    history.add("two\nlines \\n");
    history.add("");
    CHECK(history.entries().size() == 2);
  }
  CHECK(LineHistory(file).entries() == std::vector<std::string>{"first", "two\nlines \\n"});
  struct stat status {};
  REQUIRE(stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("only the newest thousand are kept") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "history";
  {
    std::ofstream out(file);
    for (int i = 0; i < 2500; ++i) out << "line " << i << "\n";
  }
  const LineHistory history(file);
  REQUIRE(history.entries().size() == 1000);
  CHECK(history.entries().front() == "line 1500");
  CHECK(history.entries().back() == "line 2499");
  CHECK(LineHistory(file).entries() == history.entries());
  CHECK(test::read_text(file).starts_with("line 1500\n"));
}

TEST_CASE("a folder that cannot be written is no error") {
  LineHistory history("/proc/kelvin/history");
  history.add("kept in memory");
  CHECK(history.entries().size() == 1);
}

}  // namespace kelvin
