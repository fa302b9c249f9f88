// kelvin-sweep --generate as a user runs it.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"

namespace kelvin {
namespace {

std::vector<std::string> melting(std::vector<std::string> more) {
  std::vector<std::string> argv = {"kelvin-sweep", "--generate", "--text",  "The fox",    "--n",    "12",
                                   "--draws",      "4",          "--temps", "0.7,1.2,-2", "--seed", "3"};
  argv.insert(argv.end(), more.begin(), more.end());
  return argv;
}

TEST_CASE("texts are those of kelvin-generate, and numpy computes every figure again from them") {
  const test::Finished done = test::run_tool(melting({"--json"}));
  const std::vector<JsonDocument> lines = test::json_lines(done);
  REQUIRE(lines.size() == 3 * 4 + 3 + 1);
  CHECK(lines.back().root().at("type").as_string() == "transition");
  const std::vector<JsonDocument> drawn =
      test::json_lines(test::run_tool({"kelvin-generate", "-p", "The fox", "--sample", "temp=1.2", "--n",
                                       "12", "--draws", "4", "--seed", "3", "--ignore-eos", "--json"}));
  for (std::size_t draw = 0; draw < 4; ++draw) {
    const JsonValue text = lines[4 + draw].root(), other = drawn[draw].root();
    CHECK(text.at("T").as_double() == doctest::Approx(1.2));
    REQUIRE(text.at("ids").size() == 12);
    for (std::size_t i = 0; i < 12; ++i)
      CHECK(text.at("ids").at(i).as_int() == other.at("ids").at(i).as_int());
  }
  std::string python = "python3";
  if (const char* named = std::getenv("KELVIN_PYTHON")) python = named;
  if (test::run({"/bin/sh", "-c", python + " -c 'import numpy'"}).status != 0) {
    std::printf("SKIPPED: %s has no numpy (KELVIN_PYTHON names another)\n", python.c_str());
    return;
  }
  const std::string script = (test::source_dir() / "tests/tools/lab/melting/recompute.py").string();
  const test::Finished again = test::run({"/bin/sh", "-c", python + " '" + script + "'"}, done.out);
  CHECK_MESSAGE(again.out == "recomputed\n", again.err);
}

TEST_CASE("a run goes on where it was left, and shards are joined to what one run says") {
  const test::TemporaryFolder folder;
  const std::string part = (folder.path() / "part").string(), html = (folder.path() / "a.html").string();
  const std::string whole =
      test::results(test::run_tool(melting({"--json", "--part", part, "--html", html})));
  CHECK(test::read_text(html).find("Melting curves") != std::string::npos);
  const std::string lines = test::read_text(part);
  std::size_t end = 0;
  for (int i = 0; i < 7; ++i) end = lines.find('\n', end) + 1;
  std::ofstream(part, std::ios::binary) << lines.substr(0, end + 30);
  CHECK(test::results(test::run_tool(melting({"--json", "--part", part}))) == whole);

  std::vector<std::string> merge = {"kelvin-sweep", "--generate", "--json", "--merge"};
  for (const char* shard : {"1/2", "2/2"}) {
    const std::string file = (folder.path() / ("shard" + std::string(1, shard[0]))).string();
    REQUIRE(test::run_tool(melting({"--shard", shard, "--part", file})).status == 0);
    merge.push_back(file);
  }
  CHECK(test::results(test::run_tool(merge)) == whole);
}

TEST_CASE("what cannot be drawn is one line and status 2") {
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {"--text", "a", "--n", "20"},
           {"--generate", "--next", "a"},
           {"--generate", "--text", "The fox", "--temps", "1,inf"},
           {"--generate", "--text", "The fox", "--temps", "0,1"},
           {"--generate", "--text", "The fox", "--n", "100", "--ctx", "50"}}) {
    std::vector<std::string> argv = wrong;
    argv.insert(argv.begin(), "kelvin-sweep");
    const test::Finished done = test::run_tool(argv);
    CHECK(done.status == 2);
    CHECK(done.out == "");
  }
}

}  // namespace
}  // namespace kelvin
