#include "tools/output/output_file.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/support.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace fs = std::filesystem;

namespace {

std::size_t files_in(const fs::path& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
  return count;
}

TEST_CASE("the file appears at commit and not before") {
  const test::TemporaryFolder folder;
  const fs::path target = folder.path() / "out";
  std::ofstream(target) << "old";
  {
    OutputFile file(target);
    file.write("new ");
    file.write("text");
    CHECK(test::read_text(target) == "old");
    file.commit();
    CHECK(test::read_text(target) == "new text");
  }
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("what was not committed leaves nothing behind") {
  const test::TemporaryFolder folder;
  const fs::path target = folder.path() / "out";
  {
    OutputFile file(target);
    file.write("half");
  }
  CHECK(files_in(folder.path()) == 0);
}

TEST_CASE("a link stays a link, a device is written directly") {
  const test::TemporaryFolder folder;
  const fs::path link = folder.path() / "link", real = folder.path() / "real";
  std::ofstream(real) << "old";
  fs::create_symlink(real, link);
  OutputFile file(link);
  file.write("new");
  file.commit();
  CHECK(fs::is_symlink(link));
  CHECK(test::read_text(real) == "new");

  OutputFile null("/dev/null");
  null.write("gone");
  null.commit();
  OutputFile full("/dev/full");
  CHECK_THROWS_WITH(full.write("x"), "cannot write /dev/full: No space left on device");
}

TEST_CASE("a whole file in one call replaces what was there") {
  const test::TemporaryFolder folder;
  write_file(folder.path() / "file", "a longer text");
  write_file(folder.path() / "file", "short");
  CHECK(test::read_text(folder.path() / "file") == "short");
  CHECK(files_in(folder.path()) == 1);
  CHECK_THROWS_AS(write_file("/nonexistent/out", ""), UserError);
}

TEST_CASE("a target that cannot be made is named") {
  CHECK_THROWS_WITH_AS(OutputFile("/nonexistent/out"),
                       "cannot write /nonexistent/out: No such file or directory", UserError);
  CHECK_THROWS_AS(OutputFile("/tmp"), UserError);
}

}  // namespace
}  // namespace kelvin
