#include "tools/terminal/terminal_keys.h"

#include <doctest/doctest.h>

#include <vector>

namespace kelvin {
namespace {

// A terminal that sends `bytes` and then falls silent.
std::vector<Key> keys_of(const std::string& bytes) {
  std::size_t at = 0;
  const ByteSource next = [&](int milliseconds) -> int {
    if (at < bytes.size()) return static_cast<unsigned char>(bytes[at++]);
    return milliseconds < 0 ? byte_closed : byte_timeout;
  };
  std::vector<Key> keys;
  for (Key key = read_key(next); key.kind != Key::Kind::closed; key = read_key(next)) keys.push_back(key);
  return keys;
}

Key::Kind kind_of(const std::string& bytes) {
  const std::vector<Key> keys = keys_of(bytes);
  REQUIRE(keys.size() == 1);
  return keys[0].kind;
}

TEST_CASE("control keys and escape sequences") {
  CHECK(kind_of("\x01") == Key::Kind::home);
  CHECK(kind_of("\x05") == Key::Kind::end);
  CHECK(kind_of("\x17") == Key::Kind::kill_word);
  CHECK(kind_of("\x15") == Key::Kind::kill_to_start);
  CHECK(kind_of("\x0B") == Key::Kind::kill_to_end);
  CHECK(kind_of("\x03") == Key::Kind::interrupt);
  CHECK(kind_of("\x04") == Key::Kind::end_of_input);
  CHECK(kind_of("\r") == Key::Kind::enter);
  CHECK(kind_of("\x7F") == Key::Kind::backspace);
  CHECK(kind_of("\x1b[A") == Key::Kind::up);
  CHECK(kind_of("\x1bOD") == Key::Kind::left);
  CHECK(kind_of("\x1b[1;5C") == Key::Kind::word_right);
  CHECK(kind_of("\x1b[3~") == Key::Kind::erase);
  CHECK(kind_of("\x1b[4~") == Key::Kind::end);
  CHECK(kind_of("\x1b") == Key::Kind::cancel);
  CHECK(kind_of("\x07") == Key::Kind::cancel);
  CHECK(kind_of("\t") == Key::Kind::complete);
  CHECK(kind_of("\x12") == Key::Kind::search);
  CHECK(kind_of("\x1a") == Key::Kind::suspend);
  CHECK(kind_of("\x1b[24~") == Key::Kind::ignored);
  CHECK(kind_of("\x02") == Key::Kind::left);
}

TEST_CASE("characters come whole") {
  const std::vector<Key> keys = keys_of("a\xE6\x97\xA5\xF0\x9F\xA6\x8A");
  REQUIRE(keys.size() == 3);
  CHECK(keys[1].text == "\xE6\x97\xA5");
  CHECK(keys[2].text == "\xF0\x9F\xA6\x8A");
  CHECK(keys_of("\xE6").at(0).text == "\xEF\xBF\xBD");
}

TEST_CASE("a bracketed paste is one text, line ends and all") {
  const std::vector<Key> keys = keys_of("\x1b[200~one\rtwo\r\nthree\x03\x1b[A\x1b[201~x");
  REQUIRE(keys.size() == 2);
  CHECK(keys[0].kind == Key::Kind::text);
  CHECK(keys[0].text == "one\ntwo\nthree[A");
  CHECK(keys[1].text == "x");
}

}  // namespace
}  // namespace kelvin
