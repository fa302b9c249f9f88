// kelvin-generate --jsonl: batches as a user runs them.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "loaders/json/json.h"
#include "tests/support.h"
#include "tests/tools/parrot.h"

namespace kelvin {
namespace {

struct Place {
  test::TemporaryFolder folder;
  std::string in = (folder.path() / "in.jsonl").string(), out = (folder.path() / "out.jsonl").string();

  void ask(const std::string& lines) const { std::ofstream(in, std::ios::binary) << lines; }
  test::Finished run(std::vector<std::string> more = {}) const {
    std::vector<std::string> argv = {"kelvin-generate", "--jsonl", in, "--out", out, "--threads", "1"};
    argv.insert(argv.end(), more.begin(), more.end());
    return test::run(argv);
  }
};

// By the number of the line answered.
std::map<std::size_t, std::string> answers(const std::string& path) {
  std::map<std::size_t, std::string> found;
  std::istringstream in(test::read_text(path));
  for (std::string line; std::getline(in, line);) {
    const JsonDocument document = parse_json(line, "answer");
    CHECK(found.emplace(document.root().at("line").as_uint(), line).second);
  }
  return found;
}

std::string chat(const std::string& id, const std::string& text, const std::string& more) {
  return R"({"custom_id":")" + id +
         R"(","method":"POST","url":"/v1/chat/completions","body":{"model":"x",)"
         R"("messages":[{"role":"user","content":")" +
         text + R"("}],)" + more + "}}\n";
}

std::string mixed_batch() {
  std::string lines;
  const std::vector<std::string> animals = {"fox", "bear", "spider", "cow", "penguin", "cat", "wolf"};
  for (std::size_t i = 0; i < animals.size(); ++i)
    lines += chat(animals[i], "Tell me a story about a " + animals[i] + ".",
                  "\"max_tokens\":" + std::to_string(5 + 7 * (i % 4)) +
                      ",\"temperature\":1.1,\"seed\":" + std::to_string(i));
  lines +=
      R"({"custom_id":"plain","prompt":"Once upon a time","min_p":0.1,"temp":-0.5,"seed":3,"n":2,"max_tokens":6})";
  return lines + "\n";
}

TEST_CASE("a line's answer is what kelvin-generate says alone") {
  const Place place;
  place.ask(
      R"({"custom_id":"one","prompt":"The fox","sample":"penalty=1.1,top-k=40,temp=0.8,min-p=0.05","seed":5,"max_tokens":24,"logprobs":2})"
      "\n\n"
      R"({"custom_id":"ids","body":{"prompt":[640,609,258],"temperature":1.3,"seed":18446744073709551615,"max_tokens":9}})"
      "\n");
  const test::Finished done = place.run();
  REQUIRE_MESSAGE(done.status == 0, done.err);
  CHECK(done.out == "");
  const auto lines = answers(place.out);
  REQUIRE(lines.size() == 2);
  const JsonDocument one = parse_json(lines.at(1)), ids = parse_json(lines.at(3));
  CHECK(one.root().at("custom_id").as_string() == "one");
  CHECK(one.root().at("error").is_null());
  CHECK(one.root().at("response").at("status_code").as_int() == 200);
  const JsonValue body = one.root().at("response").at("body"), choice = body.at("choices").at(0);

  const test::Finished alone = test::run({"kelvin-generate", "--prompt", "The fox", "--sample",
                                          "penalty=1.1,top-k=40,temp=0.8,min-p=0.05", "--seed", "5", "--n",
                                          "24", "--json", "--threads", "1"});
  const JsonDocument expected = parse_json(alone.out);
  CHECK(choice.at("text").as_string() == expected.root().at("text").as_string());
  CHECK(choice.at("finish_reason").as_string() == "length");
  REQUIRE(choice.at("ids").size() == 24);
  for (std::size_t i = 0; i < 24; ++i) {
    CHECK(choice.at("ids").at(i).as_int() == expected.root().at("ids").at(i).as_int());
    const JsonValue told = choice.at("logprobs");
    CHECK(told.at("token_logprobs").at(i).as_double() == expected.root().at("logprobs").at(i).as_double());
    CHECK(told.at("chain_logprobs").at(i).as_double() ==
          expected.root().at("chain_logprobs").at(i).as_double());
    // The two likeliest, and the drawn one.
    const JsonValue top = told.at("top_logprobs").at(i), drawn = told.at("token_logprobs").at(i);
    REQUIRE(top.size() >= 2);
    CHECK(top.at(told.at("tokens").at(i).as_string()).as_double() == drawn.as_double());
    CHECK(top.members().begin().operator*().value.as_double() >= drawn.as_double());
  }
  CHECK(body.at("usage").at("prompt_tokens").as_uint() == expected.root().at("prompt_ids").size());
  CHECK(body.at("usage").at("completion_tokens").as_int() == 24);
  CHECK(body.at("system_fingerprint").as_string().starts_with("kelvin-"));
  CHECK(body.at("system_fingerprint").as_string().ends_with(" bf16 f32"));
  CHECK(body.at("chain").as_string() == expected.root().at("chain").as_string());

  const test::Finished of_ids =
      test::run({"kelvin-generate", "--ids", "640,609,258", "--temp", "1.3", "--seed", "18446744073709551615",
                 "--n", "9", "--json", "--threads", "1"});
  CHECK(ids.root().at("response").at("body").at("choices").at(0).at("text").as_string() ==
        parse_json(of_ids.out).root().at("text").as_string());
}

TEST_CASE("answers do not depend on how many run together") {
  const Place narrow, wide;
  narrow.ask(mixed_batch());
  wide.ask(mixed_batch());
  REQUIRE(narrow.run({"--batch", "1"}).status == 0);
  REQUIRE(wide.run({"--batch", "5", "--chunk", "3"}).status == 0);
  const auto one = answers(narrow.out), other = answers(wide.out);
  CHECK(one.size() == 8);
  CHECK(one == other);
  const JsonDocument plain = parse_json(one.at(8));
  const JsonValue choices = plain.root().at("response").at("body").at("choices");
  REQUIRE(choices.size() == 2);
  CHECK(choices.at(0).at("text").as_string() != choices.at(1).at("text").as_string());
}

TEST_CASE("messages are answered like a chat; stop texts end the text before them") {
  const Place place;
  const std::string question = "Tell me a story about a brave fox.";
  place.ask(chat("a", question, R"("temperature":0,"logprobs":true,"top_logprobs":1)") +
            chat("b", question, R"("temperature":0,"stop":["never",". The fox's"])") +
            chat("c", question, R"("temperature":0,"logit_bias":{"640":-100},"max_tokens":4)"));
  REQUIRE(place.run().status == 0);
  const auto lines = answers(place.out);
  const JsonDocument a = parse_json(lines.at(1)), b = parse_json(lines.at(2)), c = parse_json(lines.at(3));
  const auto choice = [](const JsonDocument& d) {
    return d.root().at("response").at("body").at("choices").at(0);
  };
  const std::string text(choice(a).at("message").at("content").as_string());
  const test::Finished chatted = test::run({"kelvin-chat", "--temp", "0", "--threads", "1"}, question + "\n");
  CHECK(chatted.out == text + "\n");
  CHECK(choice(a).at("message").at("role").as_string() == "assistant");
  CHECK(choice(a).at("finish_reason").as_string() == "stop");
  const JsonValue told = choice(a).at("logprobs").at("content");
  CHECK(told.size() == choice(a).at("ids").size());
  CHECK(told.at(0).at("token").as_string() == "Once");
  CHECK(told.at(0).at("logprob").as_double() ==
        told.at(0).at("top_logprobs").at(0).at("logprob").as_double());
  CHECK(told.at(0).at("bytes").at(1).as_int() == 'n');
  CHECK(choice(b).at("message").at("content").as_string() == text.substr(0, text.find(". The fox's")));
  CHECK(choice(b).at("finish_reason").as_string() == "stop");
  CHECK_FALSE(choice(c).at("message").at("content").as_string().starts_with("Once"));
}

TEST_CASE("a bad line is answered with an error that names it, and the others are answered") {
  const Place place;
  const std::string bytes = "{\"custom_id\":\"bytes\",\"prompt\":\"\xFF\"}\n";
  place.ask("{broken\n" + bytes +
            R"({"custom_id":"none"})"
            "\n"
            R"({"custom_id":"name","prompt":"x","tempp":1})"
            "\n"
            R"({"custom_id":"value","prompt":"x","top_p":7})"
            "\n"
            R"({"custom_id":"id","prompt":[1,99999]})"
            "\n"
            R"({"custom_id":"good","prompt":"x","max_tokens":2,"seed":1})"
            "\n"
            R"({"custom_id":"long","prompt":")" +
            std::string(9000, 'x') + "\"}\n[1]");
  const test::Finished done = place.run();
  CHECK(done.status == 1);
  CHECK(done.err.find("8 lines could not be answered") != std::string::npos);
  const auto lines = answers(place.out);
  REQUIRE(lines.size() == 9);
  const auto message = [&](std::size_t line) {
    const JsonDocument document = parse_json(lines.at(line));
    CHECK(document.root().at("response").is_null());
    CHECK(document.root().at("error").at("line").as_uint() == line);
    CHECK(document.root().at("error").at("code").as_string() == "invalid_request");
    const std::string text(document.root().at("error").at("message").as_string());
    CHECK(text.find("in.jsonl, line " + std::to_string(line)) != std::string::npos);
    return text;
  };
  message(1);
  message(2);
  CHECK(message(3).find("messages or prompt expected") != std::string::npos);
  CHECK(message(4).find("tempp: unknown key") != std::string::npos);
  CHECK(message(5).find("top_p") != std::string::npos);
  CHECK(message(6).find("99999 found") != std::string::npos);
  CHECK(message(8).find("the context holds") != std::string::npos);
  message(9);
  CHECK(parse_json(lines.at(7)).root().at("error").is_null());
  CHECK(parse_json(lines.at(4)).root().at("custom_id").as_string() == "name");
}

TEST_CASE("a batch that was killed goes on without a lost or doubled line") {
  const Place whole, killed;
  std::string batch;
  for (int i = 0; i < 4; ++i) batch += mixed_batch();
  whole.ask(batch);
  killed.ask(batch);
  REQUIRE(whole.run().status == 0);
  const auto expected = answers(whole.out);
  REQUIRE(expected.size() == 32);

  // Killed at several moments, with a partly written line left behind each time.
  for (int round = 0; round < 2; ++round) {
    const test::Finished done =
        test::run({"/bin/sh", "-c",
                   "'" + (test::bin_dir() / "kelvin-generate").string() + "' --threads 1 --jsonl '" +
                       killed.in + "' --out '" + killed.out + "' & p=$!; n=0; until [ \"$(wc -l <'" +
                       killed.out + "' 2>/dev/null || echo 0)\" -ge " + std::to_string(5 + 11 * round) +
                       " ] || [ $n -ge 600 ]; do sleep 0.02; n=$((n+1)); done; kill -9 $p; wait $p"});
    std::ofstream(killed.out, std::ios::binary | std::ios::app) << expected.begin()->second.substr(0, 77);
  }
  const test::Finished last = killed.run();
  CHECK(last.status == 0);
  CHECK(answers(killed.out) == expected);
  // Nothing is left to do.
  const std::string before = test::read_text(killed.out);
  CHECK(killed.run().status == 0);
  CHECK(test::read_text(killed.out) == before);

  killed.ask(chat("other", "x", "\"max_tokens\":2"));
  const test::Finished other = killed.run();
  CHECK(other.status == 2);
  CHECK(other.err.find("--out answers another batch") != std::string::npos);
  CHECK(test::read_text(killed.out) == before);
}

TEST_CASE("as long as an answer is an error the status says so; errors are asked again on request") {
  const Place place;
  place.ask(R"({"custom_id":"long","prompt":"Once upon a time, there was a fox.","max_tokens":2,"seed":1})"
            "\n"
            R"({"custom_id":"wrong","prompt":"x","tempp":1})"
            "\n"
            R"({"custom_id":"good","prompt":"x","max_tokens":2,"seed":1})"
            "\n");
  const test::Finished narrow = place.run({"--ctx", "6"});
  CHECK(narrow.status == 1);
  CHECK(test::holds(narrow.err, "2 lines could not be answered"));
  const std::string before = test::read_text(place.out);

  const test::Finished same = place.run();
  CHECK(same.status == 1);
  CHECK(test::holds(same.err, "2 lines could not be answered"));
  CHECK(test::read_text(place.out) == before);

  const test::Finished again = place.run({"--retry-errors"});
  CHECK(again.status == 1);
  CHECK(test::holds(again.err, "1 line could not be answered"));
  auto lines = answers(place.out);
  REQUIRE(lines.size() == 3);
  CHECK(parse_json(lines.at(1)).root().at("error").is_null());
  CHECK_FALSE(parse_json(lines.at(2)).root().at("error").is_null());
  // What was answered stays as it is, and stands first.
  CHECK(test::read_text(place.out).starts_with(lines.at(3) + "\n"));
}

TEST_CASE("Ctrl-C says how many lines are answered, and the command that goes on") {
  const Place place;
  place.ask(mixed_batch() + chat("long", "Tell me a story.", R"("max_tokens":100000,"temperature":5)"));
  const std::string tool = (test::bin_dir() / "kelvin-generate").string();
  // Interrupted as soon as there is an answer.
  const test::Finished done =
      test::run({"/bin/sh", "-c",
                 "'" + tool + "' --threads 1 --ctx 100000 --ignore-eos --batch 2 --jsonl '" + place.in +
                     "' --out '" + place.out + "' & p=$!; n=0; until [ -s '" + place.out +
                     "' ] || [ $n -ge 3000 ]; do sleep 0.02; n=$((n+1)); done; kill -INT $p; wait $p"});
  CHECK(done.status == 130);
  const std::size_t lines = answers(place.out).size();
  CHECK(lines < 9);
  CHECK(test::holds(done.err, "kelvin-generate: interrupted; " + std::to_string(lines) +
                                  " of 9 lines are answered in " + place.out + "; go on with: " + tool +
                                  " --threads 1 --ctx 100000"));
}

TEST_CASE("a disk that fills loses no whole line") {
  const Place place;
  place.ask(mixed_batch());
  // A limit on the size of files stands for the disk's.
  const test::Finished full =
      test::run({"/bin/bash", "-c",
                 "trap '' XFSZ; ulimit -f 2; exec '" + (test::bin_dir() / "kelvin-generate").string() +
                     "' --threads 1 --jsonl '" + place.in + "' --out '" + place.out + "'"});
  CHECK(full.status == 1);
  CHECK(full.err.find("cannot write") != std::string::npos);
  CHECK(full.err.find("its whole lines are kept") != std::string::npos);
  const std::string kept = test::read_text(place.out);
  CHECK(kept.ends_with("\n"));
  const std::size_t lines = answers(place.out).size();
  CHECK(lines >= 1);
  CHECK(lines < 8);
  CHECK(place.run().status == 0);
  CHECK(answers(place.out).size() == 8);
  CHECK(test::read_text(place.out).starts_with(kept));
}

TEST_CASE("wrong uses are one line") {
  const Place place;
  place.ask(mixed_batch());
  const auto error = [](std::vector<std::string> argv) {
    argv.insert(argv.begin(), "kelvin-generate");
    const test::Finished done = test::run(argv);
    CHECK(done.status == 2);
    CHECK(std::count(done.err.begin(), done.err.end(), '\n') == 1);
    return done.err;
  };
  CHECK(error({"--jsonl", place.in}).find("--out") != std::string::npos);
  CHECK(error({"--out", place.out, "--prompt", "x"}).find("--jsonl") != std::string::npos);
  CHECK(error({"--retry-errors", "--prompt", "x"}).find("--jsonl") != std::string::npos);
  CHECK(error({"--jsonl", "/nonexistent", "--out", place.out}).find("cannot read /nonexistent") !=
        std::string::npos);
  CHECK(error({"--jsonl", place.in, "--out", "/nonexistent/x"}).find("cannot write /nonexistent/x") !=
        std::string::npos);
  CHECK(error({"--jsonl", place.in, "--out", place.in}).find("same file") != std::string::npos);
  CHECK(error({"--jsonl", place.in, "--out", place.out, "--prompt", "x"}).find("exclude") !=
        std::string::npos);
}

TEST_CASE("what a template is told, by line or for all of them") {
  const Place place;
  test::write_parrot(place.folder.path(), {"Yes."},
                     "{% for m in messages %}{{ m.content }}{% endfor %}<|a|>{% if thinking %}123{% endif "
                     "%}{{ reasoning_effort }}");
  place.ask(chat("plain", "q", "\"max_tokens\":2") +
            chat("kwargs", "q", "\"chat_template_kwargs\":{\"thinking\":true},\"max_tokens\":2") +
            chat("effort", "q", "\"reasoning_effort\":\"high\",\"max_tokens\":2") +
            chat("wrong", "q", "\"chat_template_kwargs\":{\"messages\":[]},\"max_tokens\":2"));
  const auto prompt_tokens = [&](std::size_t line) {
    const JsonDocument answer = parse_json(answers(place.out).at(line));
    return answer.root().at("response").at("body").at("usage").at("prompt_tokens").as_int();
  };
  const std::string model = place.folder.path().string();
  CHECK(place.run({"--model", model}).status == 1);
  CHECK(prompt_tokens(1) == 2);
  CHECK(prompt_tokens(2) == 5);
  CHECK(prompt_tokens(3) == 6);
  CHECK(test::holds(answers(place.out).at(4),
                    "chat_template_kwargs.messages: this is the conversation itself"));
  std::filesystem::remove(place.out);
  place.ask(chat("all", "q", "\"max_tokens\":2") +
            chat("own", "q", "\"chat_template_kwargs\":{\"thinking\":false},\"max_tokens\":2"));
  CHECK(place.run({"--model", model, "--think", "on"}).status == 0);
  CHECK(prompt_tokens(1) == 5);
  CHECK(prompt_tokens(2) == 2);
  CHECK(test::run_tool({"kelvin-generate", "-p", "a", "--think", "on"}).status == 2);
}

}  // namespace
}  // namespace kelvin
