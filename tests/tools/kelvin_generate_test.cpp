#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "loaders/json/json.h"
#include "loaders/json/json_file.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"

namespace kelvin {
namespace {

const std::string prompt =
    "<|start_header_id|>user<|end_header_id|>\n\nTell me a story about a brave fox.<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n";

JsonDocument generate(std::vector<std::string> options) {
  options.insert(options.begin(), {"kelvin-generate", "--prompt", prompt, "--json"});
  const test::Finished done = test::run_tool(options);
  REQUIRE_MESSAGE(done.status == 0, done.err);
  return parse_json(done.out, "output");
}

TEST_CASE("greedy text is that of transformers") {
  const JsonDocument golden = load_json(test::data_dir() / "ember" / "story.json");
  const JsonDocument made = generate({"--temp", "0", "--n", "40"});
  const JsonValue expected = golden.root().at("greedy").at("ids"), ids = made.root().at("ids");
  REQUIRE(ids.size() == 40);
  REQUIRE(expected.size() >= 20);
  for (std::size_t i = 0; i < std::min<std::size_t>(40, expected.size()); ++i)
    CHECK(ids.at(i).as_int() == expected.at(i).as_int());
  CHECK(made.root().at("stop").as_string() == "length");
  CHECK(made.root().at("text").as_string().starts_with("Once upon a time, a brave fox"));
  CHECK(made.root().at("logprobs").size() == 40);
  CHECK(made.root().at("chain_logprobs").at(std::size_t{7}).as_double() == 0.0);
}

TEST_CASE("a text ends before a stop text") {
  const std::string whole(generate({"--temp", "0", "--n", "40"}).root().at("text").as_string());
  const JsonDocument made = generate({"--temp", "0", "--n", "40", "--stop", "nowhere", "--stop", "brave"});
  CHECK(made.root().at("text").as_string() == whole.substr(0, whole.find("brave")));
  CHECK(made.root().at("stop").as_string() == "stop");
}

TEST_CASE("a prompt comes from -p, from a file or from a pipe") {
  const std::string expected =
      test::run_tool({"kelvin-generate", "--prompt", "The fox", "--temp", "0", "--n", "5"}).out;
  CHECK(test::run_tool({"kelvin-generate", "-p", "The fox", "--temp", "0", "-n", "5"}).out == expected);
  CHECK(test::run_tool({"kelvin-generate", "-", "--temp", "0", "-n", "5"}, "The fox").out == expected);
  const test::TemporaryFolder folder;
  const std::string file = (folder.path() / "prompt.txt").string();
  std::ofstream(file) << "The fox";
  CHECK(test::run_tool({"kelvin-generate", file, "--temp", "0", "-n", "5"}).out == expected);
}

TEST_CASE("the same seed gives the same text, whatever the threads, chunks and form of the output") {
  const JsonDocument one = generate({"--sample", "temp=1.3", "--seed", "7", "--n", "30", "--threads", "1"});
  const JsonDocument other =
      generate({"--sample", "temp=1.3", "--seed", "7", "--n", "30", "--threads", "3", "--chunk", "2"});
  CHECK(one.root().at("text").as_string() == other.root().at("text").as_string());
  CHECK(one.root().at("seed").as_int() == 7);
  // In a build of any kind, too: what draws must be the same function where the compiler inlines nothing.
  CHECK(one.root().at("text").as_string() ==
        "Yes, listen. There once was a nervous fisherman who lived in the tried. She was calledMy name?");
  const test::Finished plain = test::run_tool(
      {"kelvin-generate", "--prompt", prompt, "--sample", "temp=1.3", "--seed", "7", "--n", "30"});
  CHECK(plain.out == std::string(one.root().at("text").as_string()) + "\n");
  CHECK(plain.err == "seed 7\n");
  const JsonDocument third = generate({"--sample", "temp=1.3", "--seed", "8", "--n", "30"});
  CHECK(third.root().at("text").as_string() != one.root().at("text").as_string());
}

TEST_CASE("draws are numbered, and each can be had alone") {
  const std::vector<std::string> base = {"kelvin-generate", "--prompt", "The fox", "--seed", "5", "--n", "12",
                                         "--json"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return test::run_tool(more);
  };
  const test::Finished all = with({"--draws", "4"});
  CHECK(all.status == 0);
  std::istringstream lines(test::results(all));
  int draw = 0;
  for (std::string line; std::getline(lines, line); ++draw) {
    CHECK(parse_json(line).root().at("draw").as_int() == draw);
    CHECK(test::results(with({"--draw-index", std::to_string(draw)})) == line + "\n");
  }
  CHECK(draw == 4);
  const std::string first = all.out.substr(0, all.out.find('\n') + 1);
  CHECK("{\"draw\":0," + test::results(with({})).substr(1) == first);
  CHECK(with({"--draws", "4", "--draw-index", "1"}).status == 2);
  CHECK(with({"--draws", "0"}).status == 2);
}

TEST_CASE("an interruption while stdout is full loses nothing and is no error of writing") {
  int pipe_ends[2];
  REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
  // Nobody reads, and few tokens fill what is left of the pipe: then it waits in a write.
  const std::string filler(static_cast<std::size_t>(fcntl(pipe_ends[1], F_SETPIPE_SZ, 4096)) - 100, '.');
  REQUIRE(write(pipe_ends[1], filler.data(), filler.size()) == static_cast<ssize_t>(filler.size()));
  const std::string program = (test::bin_dir() / "kelvin-generate").string();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(pipe_ends[1], STDOUT_FILENO);
    execl(program.c_str(), program.c_str(), "--prompt", "The fox", "--sample", "temp=1.5", "--seed", "1",
          "--ignore-eos", "--n", "4000", "--ctx", "5000", "--threads", "1", static_cast<char*>(nullptr));
    _exit(127);
  }
  close(pipe_ends[1]);
  int held = 0;
  while (held < static_cast<int>(filler.size()) + 40 && waitpid(child, nullptr, WNOHANG) == 0) {
    usleep(50000);
    REQUIRE(ioctl(pipe_ends[0], FIONREAD, &held) == 0);
  }
  usleep(300000);
  kill(child, SIGINT);
  usleep(300000);
  std::string text;
  char bytes[4096];
  for (ssize_t got = 0; (got = read(pipe_ends[0], bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(got));
  close(pipe_ends[0]);
  text.erase(0, filler.size());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  const test::Finished whole =
      test::run_tool({"kelvin-generate", "--prompt", "The fox", "--sample", "temp=1.5", "--seed", "1",
                      "--ignore-eos", "--n", "2000", "--ctx", "5000"});
  REQUIRE(text.size() > 1);
  CHECK(text.ends_with('\n'));
  CHECK(whole.out.starts_with(text.substr(0, std::min(text.size(), whole.out.size()) - 1)));
}

TEST_CASE("a random seed is told and brings the text back") {
  const test::Finished done = test::run_tool({"kelvin-generate", "--prompt", prompt, "--n", "12"});
  REQUIRE(done.status == 0);
  REQUIRE(done.err.starts_with("seed "));
  const std::string seed = done.err.substr(5, done.err.size() - 6);
  CHECK(test::run_tool({"kelvin-generate", "--prompt", prompt, "--n", "12", "--seed", seed}).out == done.out);
}

TEST_CASE("an end token ends the text, unless it is ignored") {
  const JsonDocument ended = generate({"--temp", "0"});
  CHECK(ended.root().at("stop").as_string() == "eos");
  const std::size_t count = ended.root().at("ids").size();
  CHECK(ended.root().at("ids").at(count - 1).as_int() == 2047);
  CHECK(ended.root().at("text").as_string().find("<|eot_id|>") == std::string_view::npos);
  const std::string longer = std::to_string(count + 10);
  const JsonDocument went_on = generate({"--temp", "0", "--ignore-eos", "--n", longer});
  CHECK(went_on.root().at("stop").as_string() == "length");
  CHECK(went_on.root().at("ids").size() == count + 10);
  CHECK(went_on.root().at("ids").at(count - 1).as_int() == 2047);
}

TEST_CASE("the whole line of temperatures") {
  // At 0 from either side the choice is the extreme one; +-1e5 and +-inf differ by nothing that few draws
  // would show.
  const auto ids_at = [](const std::string& temperature) {
    const JsonDocument made = generate({"--temp", temperature, "--seed", "3", "--n", "12", "--ignore-eos"});
    CHECK(made.root().at("ids").size() == 12);
    std::vector<std::int64_t> ids;
    for (const JsonValue& id : made.root().at("ids").items()) ids.push_back(id.as_int());
    return ids;
  };
  CHECK(ids_at("0") == ids_at("0.0001"));
  CHECK(ids_at("-0") == ids_at("-0.0001"));
  CHECK(ids_at("0") != ids_at("-0"));
  CHECK(ids_at("inf") == ids_at("-inf"));
  CHECK(ids_at("1e5") != ids_at("0.8"));
  for (const char* temperature : {"0.8", "-0.001", "0.001", "-1e5"}) ids_at(temperature);
}

TEST_CASE("the context ends a text honestly") {
  const test::Finished done = test::run_tool(
      {"kelvin-generate", "--prompt", prompt, "--temp", "0", "--ctx", "30", "--n", "100", "--ignore-eos"});
  CHECK(done.status == 0);
  CHECK(done.err.find("the context of 30 tokens is full") != std::string::npos);
  const test::Finished none = test::run_tool({"kelvin-generate", "--prompt", prompt, "--ctx", "10"});
  CHECK(none.status == 2);
  CHECK(none.err.find("the context holds 10") != std::string::npos);
}

TEST_CASE("rows without a token are drawn from where the prompt is ids, and masked where it is text") {
  if (!test::shared_has("goldens/models/llama-gelu-deep-bf16")) return;
  const std::string model = (test::shared_dir() / "goldens/models/llama-gelu-deep-bf16").string();
  const JsonDocument golden =
      load_json(test::shared_dir() / "goldens/golden/llama-gelu-deep-bf16/manifest.json");
  std::string ids;
  for (const JsonValue id : golden.root().at("sequences").at("short").at("ids").items())
    ids += (ids.empty() ? "" : ",") + std::to_string(id.as_int());
  const auto first_id = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = {"kelvin-generate", "--model", model, "--ids", ids,
                                     "--temp",          "0",       "--n", "1",     "--json",
                                     "--ignore-eos"};
    argv.insert(argv.end(), more.begin(), more.end());
    const test::Finished done = test::run_tool(argv);
    REQUIRE_MESSAGE(done.status == 0, done.err);
    return parse_json(done.out, "output").root().at("ids").at(std::size_t{0}).as_int();
  };
  CHECK(first_id({}) == 662);  // transformers' greedy choice; the tokenizer has 620 tokens
  CHECK(first_id({"--padding", "mask"}) < 620);
}

TEST_CASE("bad settings are one line and status 2") {
  const auto error_of = [](std::vector<std::string> options) {
    options.insert(options.begin(), {"kelvin-generate", "--prompt", "x"});
    const test::Finished done = test::run_tool(options);
    CHECK(done.status == 2);
    CHECK(done.out == "");
    CHECK(std::count(done.err.begin(), done.err.end(), '\n') == 1);
    return done.err;
  };
  CHECK(error_of({"--temp", "nan"}).find("--temp") != std::string::npos);
  CHECK(error_of({"--top-p", "1.5"}).find("--top-p") != std::string::npos);
  CHECK(error_of({"--sample", "tmep=1"}).find("did you mean \"temp\"?") != std::string::npos);
  CHECK(error_of({"--sample", "temp=1", "--top-k", "3"}).find("contradict") != std::string::npos);
  CHECK(error_of({"--n", "0"}).find("--n") != std::string::npos);
  CHECK(error_of({"--seed", "x"}).find("--seed") != std::string::npos);
  const test::Finished unknown = test::run({"kelvin-generate", "--prompt", "x"}, "", {"KELVIN_ISA=sse"});
  CHECK(unknown.status == 2);
  CHECK(unknown.err.find("KELVIN_ISA=sse: unknown; expected") != std::string::npos);
}

}  // namespace
}  // namespace kelvin
