#include "tools/output/output_folder.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/support.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace fs = std::filesystem;

namespace {

TEST_CASE("the folder appears at commit, beside it nothing stays") {
  const test::TemporaryFolder folder;
  const fs::path target = folder.path() / "out";
  {
    OutputFolder out(target.string() + "/");
    std::ofstream(out.path() / "file") << "text";
    CHECK_FALSE(fs::exists(target));
    out.commit();
  }
  CHECK(test::read_text(target / "file") == "text");
  {
    const OutputFolder out(folder.path() / "other");
    std::ofstream(out.path() / "file") << "text";
  }
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("an empty folder is taken, anything else stays") {
  const test::TemporaryFolder folder;
  fs::create_directory(folder.path() / "empty");
  OutputFolder out(folder.path() / "empty");
  std::ofstream(out.path() / "file") << "text";
  out.commit();
  CHECK(test::read_text(folder.path() / "empty" / "file") == "text");

  CHECK_THROWS_AS(OutputFolder(folder.path() / "empty"), UserError);
  CHECK_THROWS_AS(OutputFolder(folder.path() / "empty" / "file"), UserError);
  CHECK_THROWS_AS(OutputFolder(folder.path() / "no" / "such"), UserError);
  CHECK_THROWS_AS(OutputFolder(""), UserError);
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

}  // namespace
}  // namespace kelvin
