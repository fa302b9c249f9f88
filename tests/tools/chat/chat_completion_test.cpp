#include "tools/chat/chat_completion.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support.h"

namespace kelvin {
namespace {

using Words = std::vector<std::string>;

TEST_CASE("commands, settings and values; nothing in a message") {
  CHECK(complete_chat_line("/he").words == Words{"/help"});
  CHECK(complete_chat_line("/s").words == Words{"/save", "/seed", "/set", "/show", "/system"});
  CHECK(complete_chat_line("/").words.size() > 10);
  CHECK(complete_chat_line("/nothing").words.empty());
  const Completions setting = complete_chat_line("/set  temp-s");
  CHECK(setting.begin == 6);
  CHECK(setting.words == Words{"temp-schedule"});
  CHECK(complete_chat_line("/set st").words == Words{"stats", "stop", "string-ban"});
  CHECK(complete_chat_line("/show pro").words == Words{"prompt"});
  CHECK(complete_chat_line("/set pro").words.empty());
  CHECK(complete_chat_line("/set stats o").words == Words{"off", "on"});
  CHECK(complete_chat_line("/set stats o").begin == 11);
  CHECK(complete_chat_line("/set think o").words == Words{"off", "on"});
  CHECK(complete_chat_line("/show tho").words == Words{"thought"});
  CHECK(complete_chat_line("/set temp 0").words.empty());
  CHECK(complete_chat_line("/why a").words.empty());
  CHECK(complete_chat_line("hello /s").words.empty());
  CHECK(complete_chat_line("").words.empty());
}

TEST_CASE("files behind /save and /load, with spaces in their names") {
  const test::TemporaryFolder folder;
  const std::string at = folder.path().string() + "/";
  for (const char* name : {"a chat", "a chest", ".hidden", "b", "a\x1b[2J", "a\nline", "a\xff"})
    std::ofstream(at + name) << "";
  std::filesystem::create_directory(at + "c");
  CHECK(complete_chat_line("/load " + at).words == Words{at + "a chat", at + "a chest", at + "b", at + "c/"});
  CHECK(complete_chat_line("/save " + at + "a ch").words == Words{at + "a chat", at + "a chest"});
  CHECK(complete_chat_line("/save " + at + "a ch").begin == 6);
  CHECK(complete_chat_line("/load " + at + ".").words == Words{at + ".hidden"});
  CHECK(complete_chat_line("/load " + at + "absent/").words.empty());
}

}  // namespace
}  // namespace kelvin
