#include "tools/output/read_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "tests/support.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

TEST_CASE("every byte of a file is read, beyond one block") {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "file").string();
  std::string text(200'000, 'a');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 >> 3);
  std::ofstream(path, std::ios::binary) << text;
  CHECK(read_file(path) == text);
  std::ofstream(path, std::ios::binary) << "";
  CHECK(read_file(path).empty());
}

TEST_CASE("a pipe is read to its end") {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "pipe").string();
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const std::string text(100'000, 'b');
  std::thread writer([&] { std::ofstream(path, std::ios::binary) << text; });
  CHECK(read_file(path) == text);
  writer.join();
}

TEST_CASE("what cannot be read is named, with the reason") {
  CHECK_THROWS_WITH_AS(read_file("/nonexistent"), "cannot read /nonexistent: No such file or directory",
                       UserError);
  CHECK_THROWS_WITH_AS(read_file("/tmp"), "cannot read /tmp: a file expected, a folder found", UserError);
}

}  // namespace
}  // namespace kelvin
