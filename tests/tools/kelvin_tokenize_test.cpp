#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "loaders/base64.h"
#include "loaders/json.h"
#include "tests/support.h"

namespace kelvin::test {
namespace {

Finished tokenize(std::vector<std::string> options, const std::string& input = "") {
  options.insert(options.begin(), "kelvin-tokenize");
  return run(options, input);
}

std::string request(const std::string& text) { return R"({"text_b64": ")" + to_base64(text) + "\"}\n"; }

bool names(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("lines of text to ids and back, with the demo model") {
  const std::string text = "Hello \xE6\xBC\xA2 \xF0\x9F\x91\xA9\n";
  const Finished plain = tokenize({"--no-special"}, request(text) + request("x\xFFy"));
  REQUIRE(plain.status == 0);
  CHECK(std::count(plain.out.begin(), plain.out.end(), '\n') == 2);
  const std::string first = plain.out.substr(0, plain.out.find('\n'));
  const JsonDocument answer = parse_json(first);
  CHECK(answer.root().at("ids").size() == answer.root().at("pieces").size());

  const Finished back = tokenize({"--decode"}, first + "\n");
  REQUIRE(back.status == 0);
  const JsonDocument decoded = parse_json(back.out);
  CHECK(decoded.root().at("text").as_string() == text);
  CHECK(from_base64(decoded.root().at("text_b64").as_string()) == text);

  const Finished whole = tokenize({}, request(text));
  const Finished skipped = tokenize({"--decode", "--skip-special", "--text"}, whole.out);
  CHECK(skipped.out == text);
  CHECK(tokenize({"--text", "--no-special"}, text).out == first + "\n");
}

TEST_CASE("a conversation becomes exactly the prompt") {
  const TemporaryFolder folder;
  const std::string chat = (folder.path() / "chat.json").string(),
                    jinja = (folder.path() / "own.jinja").string();
  std::ofstream(chat) << R"({"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true,
                             "bos_token": "[B]", "eos_token": null, "extra": {"mood": "warm"}})";
  std::ofstream(jinja)
      << "{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ m.content }}{% endfor %}"
         "{% if add_generation_prompt %}>{% endif %}{{ mood }} {{ strftime_now('%Y-%m-%d') }}"
         "{{ eos_token is defined }}";
  const Finished own = tokenize({"--chat", chat, "--chat-template", jinja, "--date", "2024-02-29"});
  CHECK(own.status == 0);
  CHECK(own.out == "[B]user:Hi>warm 2024-02-29False");
  const Finished model = tokenize({"--chat", chat});
  CHECK(model.status == 0);
  CHECK(names(model.out, "Hi"));
}

TEST_CASE("what is wrong is named, with status 2") {
  const Finished line = tokenize({}, request("a") + "{\"text_b64\": \"?\"}\n");
  CHECK(line.status == 2);
  CHECK(names(line.err, "line 2"));
  CHECK(names(line.err, "text_b64"));
  CHECK(names(tokenize({}, "\nnonsense\n").err, "line 2"));
  const Finished id = tokenize({"--decode"}, "{\"ids\": [1, 99999999]}\n");
  CHECK(id.status == 2);
  CHECK(names(id.err, "99999999"));
  CHECK(tokenize({"--date", "2024-01-01"}).status == 2);
  CHECK(tokenize({"--chat", "/nonexistent"}).status == 2);
  CHECK(tokenize({"--model", "/nonexistent"}).status == 2);
  CHECK(tokenize({"--date"}).status == 2);
}

}  // namespace kelvin::test
