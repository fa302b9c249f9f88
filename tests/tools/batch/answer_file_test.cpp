#include "tools/batch/answer_file.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/support.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

const std::string first = R"({"id":"line-1","custom_id":"a","line":1,"response":null,"error":null})";
const std::string second = R"({"id":"line-3","custom_id":null,"line":3,"response":null,"error":null})";

struct Place {
  test::TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "out.jsonl";
  void write(const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }
  std::string refusal() const {
    try {
      AnswerFile file(path);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  }
};

TEST_CASE("whole lines are kept and told, a partly written last one is cut off") {
  const Place place;
  place.write(first + "\n" + second + "\n" + first.substr(0, 30));
  {
    AnswerFile file(place.path);
    REQUIRE(file.answered().size() == 2);
    CHECK(file.answered().at(1).custom_id == "a");
    CHECK(file.answered().at(3).custom_id == std::nullopt);
    CHECK(file.errors() == 0);
    file.add(4, {}, "{}");
  }
  CHECK(test::read_text(place.path) == first + "\n" + second + "\n{}\n");
  place.write("");
  CHECK(AnswerFile(place.path).answered().empty());
}

TEST_CASE("files that are no answers stay as they are") {
  const Place place;
  for (const std::string text : {"notes\n", "{\"a\":1}\n", "[]\n"}) {
    place.write(text);
    CHECK(test::holds(place.refusal(), "out.jsonl, line 1"));
    CHECK(test::read_text(place.path) == text);
  }
  place.write(first + "\n" + first + "\n");
  CHECK(test::holds(place.refusal(), "line 1 of the batch is answered twice"));
  std::filesystem::remove(place.path);
  std::filesystem::create_directory(place.path);
  CHECK(test::holds(place.refusal(), "cannot write"));
}

TEST_CASE("an error stays until its line has another answer, and leaves the file then") {
  const std::string
      failed = R"({"id":"line-1","custom_id":"a","line":1,"response":null,"error":{"code":"failed"}})",
      again = R"({"id":"line-1","custom_id":"a","line":1,"response":null,"error":{"code":"again"}})";
  const Place place;
  place.write(failed + "\n" + second + "\n");
  {
    AnswerFile file(place.path);
    CHECK(file.errors() == 1);
    file.add(1, {"a", true}, again);
    CHECK(test::read_text(place.path) == failed + "\n" + second + "\n" + again + "\n");
    file.tidy();
    CHECK(test::read_text(place.path) == second + "\n" + again + "\n");
    CHECK(file.errors() == 1);
    file.add(1, {"a", false}, first);
    CHECK(file.errors() == 0);
    // Killed here.
  }
  CHECK(test::read_text(place.path) == second + "\n" + again + "\n" + first + "\n");
  AnswerFile file(place.path);
  CHECK(test::read_text(place.path) == second + "\n" + first + "\n");
  CHECK(test::holds(place.refusal(), "another process is writing it"));
  file.add(5, {}, "{}");
  CHECK(test::read_text(place.path) == second + "\n" + first + "\n{}\n");
}

TEST_CASE("two processes cannot write one file") {
  const Place place;
  AnswerFile file(place.path);
  CHECK(test::holds(place.refusal(), "another process is writing it"));
}

TEST_CASE("a full disk is an error that keeps what is there") {
  if (!std::filesystem::exists("/dev/full")) return;
  AnswerFile file("/dev/full");
  CHECK_THROWS_WITH(file.add(1, {}, "{}"), "cannot write /dev/full: No space left on device");
}

}  // namespace
}  // namespace kelvin
