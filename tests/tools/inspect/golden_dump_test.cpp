#include "tools/inspect/golden_dump.h"

#include <doctest/doctest.h>

#include <fstream>

#include "loaders/files/load_error.h"
#include "tests/support.h"

namespace kelvin {
namespace {

constexpr GoldenSizes sizes{5, 2, 1};

class Dump {
 public:
  void file(const std::string& name, std::size_t bytes) {
    std::ofstream(folder_.path() / name, std::ios::binary) << std::string(bytes, '\0');
  }
  GoldenDump read(const std::string& sequence) {
    std::ofstream(folder_.path() / "manifest.json") << R"({"sequences":{"a":)" << sequence << "}}";
    return read_golden(folder_.path(), sizes);
  }
  std::string error(const std::string& sequence) {
    try {
      read(sequence);
    } catch (const LoadError& e) {
      return e.what();
    }
    return "";
  }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

TEST_CASE("arrays are read by type and shape") {
  Dump dump;
  std::ofstream(dump.path() / "argmax.bin", std::ios::binary)
      << std::string("\x04\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16);
  std::ofstream(dump.path() / "nll.bin", std::ios::binary) << std::string("\0\0\0\0\0\0\xf8\x3f", 8);
  dump.file("hidden.bin", 3 * 2 * 2 * 4);
  const GoldenDump read = dump.read(
      R"({"ids":[1,4],"argmax":{"file":"argmax.bin","dtype":"int64","shape":[2]},
          "nll":{"file":"nll.bin","dtype":"float64","shape":[1]},
          "hidden":{"file":"hidden.bin","dtype":"float32","shape":[3,2,2]}})");
  const GoldenSequence& sequence = read.sequences.at(0);
  CHECK(sequence.ids == std::vector<int>{1, 4});
  CHECK((*sequence.argmax)[0] == 4);
  CHECK((*sequence.argmax)[1] == 2);
  CHECK((*sequence.nll)[0] == 1.5);
  CHECK(sequence.hidden->shape() == std::vector<std::size_t>{3, 2, 2});
  CHECK_FALSE(sequence.logits);
}

TEST_CASE("what does not fit is refused by name") {
  Dump dump;
  dump.file("x.bin", 40);
  CHECK(test::holds(dump.error(R"({"ids":[1,5]})"), "sequences.a.ids[1]"));
  CHECK(test::holds(dump.error(R"({"ids":[]})"), "at least one id"));
  CHECK(test::holds(dump.error(R"({"ids":[1]})"), "nothing to compare"));
  const auto logits = [&](const std::string& rest) {
    return dump.error(R"({"ids":[1,2],"logits":{"file":)" + rest + "}}");
  };
  CHECK(logits(R"("x.bin","dtype":"float32","shape":[2,5])") == "");
  CHECK(test::holds(logits(R"("x.bin","dtype":"float32","shape":[2,6])"), "2 x 5 expected, 2 x 6 found"));
  CHECK(
      test::holds(logits(R"("x.bin","dtype":"float64","shape":[2,5])"), "8 bytes expected, 40 bytes found"));
  CHECK(test::holds(logits(R"("x.bin","dtype":"float16","shape":[2,5])"), "float16"));
  CHECK(test::holds(logits(R"("../x.bin","dtype":"float32","shape":[2,5])"), "a file in the dump's folder"));
  CHECK(test::holds(logits(R"("y.bin","dtype":"float32","shape":[2,5])"), "y.bin"));
  CHECK(test::holds(logits(R"("x.bin","dtype":"float32","shape":[18446744073709551615,2])"), "expected"));
}

}  // namespace
}  // namespace kelvin
