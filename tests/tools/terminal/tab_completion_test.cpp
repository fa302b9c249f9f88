#include "tools/terminal/tab_completion.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace kelvin {

TEST_CASE("the only word is completed, and followed by a space at the end of the line") {
  EditBuffer buffer;
  buffer.set("/he");
  CHECK(complete(buffer, {0, {"/help"}}).empty());
  CHECK(buffer.text() == "/help ");
  buffer.set("/load fol");
  CHECK(complete(buffer, {6, {"folder/"}}).empty());
  CHECK(buffer.text() == "/load folder/");
  buffer.set("/set te 0.5");
  for (int i = 0; i < 4; ++i) buffer.left();
  CHECK(complete(buffer, {5, {"temp"}}).empty());
  CHECK(buffer.text() == "/set temp 0.5");
  CHECK(buffer.cursor() == 9);
  CHECK(complete(buffer, {5, {}}).empty());
  CHECK(buffer.text() == "/set temp 0.5");
}

TEST_CASE("several words: what they share, then they are told") {
  EditBuffer buffer;
  buffer.set("/load a/c");
  // They part within a character.
  const Completions found{6, {"a/ch\u00e4", "a/ch\u00f6", "a/ch\u00f6/"}};
  CHECK(complete(buffer, found).empty());
  CHECK(buffer.text() == "/load a/ch");
  CHECK(complete(buffer, found) == "ch\u00e4  ch\u00f6  ch\u00f6/\n");
  CHECK(buffer.text() == "/load a/ch");
  buffer.set("/se");
  CHECK(complete(buffer, {0, {"/seed", "/set"}}) == "/seed  /set\n");
  std::vector<std::string> many;
  for (int i = 100; i < 200; ++i) many.push_back(std::to_string(i));
  buffer.set("1");
  CHECK(complete(buffer, {0, many}).ends_with("  199\n"));
  many.push_back("200");
  buffer.set("");
  CHECK(complete(buffer, {0, many}).ends_with("  199  and 1 more\n"));
}

}  // namespace kelvin
