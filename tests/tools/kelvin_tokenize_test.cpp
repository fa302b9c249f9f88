#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "loaders/json/json.h"
#include "loaders/tokenizer/base64.h"
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
  const Finished told = tokenize({"--chat", chat, "--chat-template", jinja, "--date", "2024-02-29",
                                  "--template-arg", "mood=\"cold\"", "--template-arg", "moood=1"});
  CHECK(told.out == "[B]user:Hi>cold 2024-02-29False");
  CHECK(told.err == "note: the chat template never looks at moood; did you mean mood?\n");
  CHECK(names(tokenize({"--chat", chat, "--chat-template", jinja, "--think", "on"}).err, "no switch"));
  CHECK(tokenize({"--template-arg", "mood=1"}, "a").status == 2);
  const Finished model = tokenize({"--chat", chat});
  CHECK(model.status == 0);
  CHECK(names(model.out, "Hi"));
}

TEST_CASE("a text for people has its pieces above their ids") {
  const Finished shown = tokenize({"--text", "--color", "never", "--no-special"}, "Once upon\n");
  CHECK(shown.status == 0);
  CHECK(names(shown.out, "Once"));
  CHECK(names(shown.out, "\u00B7upon"));
  CHECK(names(shown.out, "640"));
  CHECK_FALSE(names(shown.out, "\x1b["));
  CHECK(names(tokenize({"--text", "--color=always"}, "Once").out, "\x1b["));
  CHECK(tokenize({"--text", "--color", "sometimes"}).status == 2);
  CHECK(tokenize({"--decode", "--color", "always"}).status == 2);
  CHECK(tokenize({"--color", "always"}, request("a")).status == 2);
  CHECK(tokenize({"--text", "--count"}, "Once upon").out == "{\"tokens\":3}\n");
}

TEST_CASE("a text comes from the command line, a file or a pipe; JSON lines are seen by their first") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "text").string();
  const std::string expected = tokenize({}, request("Once upon\n{ a")).out;
  std::ofstream(file) << "Once upon\n{ a";
  CHECK(tokenize({}, "Once upon\n{ a").out == expected);
  CHECK(tokenize({"--text", "Once upon\n{ a"}).out == expected);
  CHECK(tokenize({"-p", "Once upon\n{ a"}).out == expected);
  CHECK(tokenize({"--file", file}).out == expected);
  CHECK(tokenize({file}).out == expected);
  CHECK(tokenize({"-"}, "Once upon\n{ a").out == expected);
  // To the byte: newlines at both ends, and a text that looks like JSON to its second character.
  for (const std::string text : {"\n\n a \n", "a\n", "{ int x; }\n", "{", "", "\n"})
    CHECK(tokenize({}, text).out == tokenize({}, request(text)).out);
  CHECK(tokenize({"--text"}, request("a")).out == tokenize({"--text", request("a")}).out);
  CHECK(tokenize({"--count"}, request("Once upon") + request("a")).out == "{\"tokens\":3}\n{\"tokens\":2}\n");
  // A defective request is an error, not a text.
  CHECK(names(tokenize({}, "\n{\"text_b64\": \"YQ==").err, "stdin, line 2"));
  CHECK(names(tokenize({}, "{\"ids\": [1]}\n").err, "text_b64"));
  CHECK(tokenize({"--text", "a", file}).status == 2);
  CHECK(tokenize({"--text", "a", "--decode"}).status == 2);
}

TEST_CASE("--check compares with a dump, line by line") {
  const TemporaryFolder folder;
  const std::filesystem::path dump = folder.path() / "dump.jsonl";
  const auto check = [&](const std::string& lines) {
    std::ofstream(dump) << lines;
    return tokenize({"--check", (source_dir() / "tools" / "ember").string(), "--dump", dump.string()});
  };
  const std::string once = R"({"text": "Once", "ids": [2043, 640], "ids_plain": [640], "decoded": )"
                           R"("<|begin_of_text|>Once", "decoded_skip_special": "Once"})";
  Finished done = check(once + "\n\n" + R"({"text_b64": "T25jZQ==", "ids": [2043, 640]})" + "\n" +
                        R"({"ids": [640], "decoded": "Once"})");
  CHECK(done.status == 0);
  CHECK(done.out == "{\"lines\":3,\"differ\":0}\n");
  done = check(once + "\n" + R"({"text": "Once", "ids": [640]})" + "\n" +
               R"({"text": "Once", "ids": [2043, 640], "ids_plain": [2043, 640]})" + "\n" +
               R"({"ids": [640], "decoded": "once"})");
  CHECK(done.status == 1);
  CHECK(names(done.out, R"({"line":2,"key":"ids","expected":[640],"found":[2043,640]})"));
  CHECK(names(done.out, R"("line":3,"key":"ids_plain")"));
  CHECK(names(done.out, R"({"line":4,"key":"decoded","expected":"once","found":"Once"})"));
  CHECK(names(done.out, R"({"lines":4,"differ":3})"));
  CHECK(names(check("{\"text\": \"a\"}\n").err, "line 1"));
  CHECK(names(check("{\"ids\": [99999999], \"decoded\": \"\"}\n").err, "99999999"));
  CHECK(check("").status == 2);
  CHECK(tokenize({"--check", folder.path().string()}).status == 2);
  CHECK(tokenize({"--dump", "x"}).status == 2);
}

// The ```python block of tools/README.md that writes such a dump, as a user would run it.
TEST_CASE("the script in tools/README.md writes what --check reads") {
  const std::string readme = read_text(source_dir() / "tools/README.md");
  const std::size_t begin = readme.find("```python\n# dump_tokenizer.py");
  REQUIRE(begin != readme.npos);
  const std::size_t first = readme.find('\n', begin) + 1;
  const std::string script = readme.substr(first, readme.find("```", first) - first);
  CHECK(std::count(script.begin(), script.end(), '\n') <= 20);
  std::string python = "python3";
  if (const char* named = std::getenv("KELVIN_PYTHON")) python = named;
  if (run({"/bin/sh", "-c", python + " -c 'import tokenizers'"}).status != 0) {
    std::printf("SKIPPED: %s has no tokenizers (KELVIN_PYTHON names another)\n", python.c_str());
    return;
  }
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "dump.py") << script;
  std::filesystem::copy(source_dir() / "tools" / "ember" / "tokenizer.json",
                        folder.path() / "tokenizer.json");
  std::ofstream(folder.path() / "texts.txt") << "A brave fox.\nTwo  blanks\n";
  const Finished dumped = run({"/bin/sh", "-c",
                               python + " " + (folder.path() / "dump.py").string() + " " +
                                   folder.path().string() + " " + (folder.path() / "texts.txt").string()});
  CHECK_MESSAGE(dumped.status == 0, dumped.err);
  const Finished checked = tokenize({"--check", folder.path().string()});
  CHECK_MESSAGE(checked.status == 0, checked.out << checked.err);
  CHECK(names(checked.out, "\"differ\":0}"));
}

TEST_CASE("what is wrong is named, with status 2") {
  const Finished line = tokenize({}, request("a") + "{\"text_b64\": \"?\"}\n");
  CHECK(line.status == 2);
  CHECK(names(line.err, "line 2"));
  CHECK(names(line.err, "text_b64"));
  CHECK(names(tokenize({}, request("a") + "nonsense\n").err, "line 2"));
  const Finished id = tokenize({"--decode"}, "{\"ids\": [1, 99999999]}\n");
  CHECK(id.status == 2);
  CHECK(names(id.err, "99999999"));
  CHECK(tokenize({"--date", "2024-01-01"}).status == 2);
  CHECK(tokenize({"--chat", "/nonexistent"}).status == 2);
  CHECK(tokenize({"--model", "/nonexistent"}).status == 2);
  CHECK(tokenize({"--date"}).status == 2);
}

}  // namespace kelvin::test
