#include "tools/terminal/history_search.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace kelvin {
namespace {

struct Searching {
  const std::vector<std::string> entries{"/set temp 0.5", "hello fox", "/set temp 2", "/set temp 2",
                                         "n\u00e4he"};
  EditBuffer buffer;
  HistorySearch search{entries, (buffer.set("half a line"), buffer)};

  bool takes(Key::Kind kind, const std::string& text = "") { return search.take({kind, text}); }
};

TEST_CASE("the newest line first, then older ones, each text once") {
  Searching person;
  CHECK(person.search.prompt() == "history \"\": ");
  for (const char* typed : {"t", "e"}) CHECK(person.takes(Key::Kind::text, typed));
  CHECK(person.buffer.text() == "/set temp 2");
  CHECK(person.search.prompt() == "history \"te\": ");
  CHECK(person.takes(Key::Kind::search));
  CHECK(person.buffer.text() == "/set temp 0.5");
  CHECK(person.takes(Key::Kind::search));
  CHECK(person.search.prompt() == "not found \"te\": ");
  CHECK(person.buffer.text() == "/set temp 0.5");
  CHECK_FALSE(person.takes(Key::Kind::enter));
  CHECK_FALSE(person.search.cancelled());
  CHECK(person.buffer.text() == "/set temp 0.5");
}

TEST_CASE("what is not there leaves the line; characters are taken back whole; cancelled, all is as before") {
  Searching person;
  person.takes(Key::Kind::text, "fox\n");
  CHECK(person.search.prompt() == "not found \"fox \": ");
  CHECK(person.buffer.text() == "half a line");
  person.takes(Key::Kind::backspace);
  CHECK(person.search.prompt() == "history \"fox\": ");
  CHECK(person.buffer.text() == "hello fox");
  for (int i = 0; i < 4; ++i) person.takes(Key::Kind::backspace);
  CHECK(person.buffer.text() == "half a line");
  person.takes(Key::Kind::text, "n\u00e4");
  CHECK(person.buffer.text() == "n\u00e4he");
  person.takes(Key::Kind::backspace);
  CHECK(person.search.prompt() == "history \"n\": ");
  CHECK_FALSE(person.takes(Key::Kind::cancel));
  CHECK(person.search.cancelled());
  CHECK(person.buffer.text() == "half a line");
}

}  // namespace
}  // namespace kelvin
