#include "tools/chat/session_file.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

#include "loaders/files/load_error.h"
#include "tests/support.h"
#include "tools/options/date_option.h"

namespace kelvin {
namespace {

SavedChat example() {
  SavedChat chat;
  chat.model = "/models/ember";
  chat.system = "Be \"brief\".\n";
  chat.messages = {{"user", "hello \xF0\x9F\xA6\x8A", 0}, {"assistant", " line\nline\t\x01", 3}};
  chat.seed = 18446744073709551615u;
  chat.sample = "temp=-0.001";
  chat.non_finite = "error";
  chat.max_tokens = 300;
  chat.clock = parse_date("2026-11-21");
  return chat;
}

std::string error_of(std::string text) {
  try {
    parse_session(std::move(text), "chat.json");
  } catch (const LoadError& error) {
    return error.what();
  }
  return "";
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = session_text(example());
  const std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("a chat comes back from its file as it was") {
  const test::TemporaryFolder folder;
  save_session(example(), folder.path() / "chat.json");
  const SavedChat chat = load_session(folder.path() / "chat.json");
  CHECK(session_text(chat) == session_text(example()));
  CHECK(chat.seed == 18446744073709551615u);
  REQUIRE(chat.messages.size() == 2);
  CHECK(chat.messages[0].content == "hello \xF0\x9F\xA6\x8A");
  CHECK(chat.messages[1].content == " line\nline\t\x01");
  CHECK(chat.messages[1].attempt == 3);
  CHECK(chat.system == "Be \"brief\".\n");

  SavedChat silent = example();
  silent.system.reset();
  CHECK(!parse_session(session_text(silent), "x").system);
}

TEST_CASE("anything else is refused, by file and key") {
  CHECK(error_of("").starts_with("chat.json"));
  CHECK(error_of("[]") == "chat.json: a chat saved by kelvin-chat expected (\"format\": \"kelvin-chat\")");
  CHECK(error_of("{\"format\":\"other\"}").find("saved by kelvin-chat expected") != std::string::npos);
  CHECK(error_of(with("\"version\":1", "\"version\":2")) ==
        "chat.json: version: version 1 expected, 2 found");
  CHECK(error_of(with("\"seed\":18446744073709551615", "\"seed\":-1")).starts_with("chat.json: seed: "));
  CHECK(error_of(with("\"seed\":18446744073709551615,", "")).find("seed") != std::string::npos);
  CHECK(error_of(with("\"n\":300", "\"n\":-3")).starts_with("chat.json: n: "));
  CHECK(error_of(with("\"n\":300", "\"n\":300,\"m\":1")) == "chat.json: unknown key \"m\"");
  CHECK(error_of(with("\"role\":\"assistant\"", "\"role\":\"user\""))
            .starts_with("chat.json: messages[1].role: "));
  CHECK(error_of(with("\"content\":\"hello", "\"content\":7,\"x\":\"hello")) ==
        "chat.json: messages[0]: unknown key \"x\"");
  CHECK(error_of(with(",\"attempt\":3", ",\"attempt\":3},{\"role\":\"user\",\"content\":\"x\"")) ==
        "chat.json: messages: an answer is missing at the end");
  CHECK(error_of(with("\"2026-11-21\"", "\"2026-02-30\"")) ==
        "chat.json: date: a day such as 2026-11-21 expected");
  std::string cut = session_text(example());
  cut.resize(cut.size() / 2);
  CHECK(error_of(cut) != "");
}

TEST_CASE("files that cannot be read or written are named") {
  CHECK_THROWS_AS(load_session("/nonexistent/chat.json"), LoadError);
  CHECK_THROWS_AS(save_session(example(), "/nonexistent/chat.json"), UserError);
}

}  // namespace
}  // namespace kelvin
