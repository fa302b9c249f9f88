#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support.h"
#include "tests/tools/json_lines.h"

namespace kelvin {
namespace {

using test::run;

test::Finished duel(std::vector<std::string> words) {
  words.insert(words.begin(), {"kelvin-duel", "--prompt", "Once upon a time", "--threads", "1"});
  return run(words);
}

std::vector<int> ids_of(JsonValue line) {
  std::vector<int> ids;
  for (const JsonValue id : line.at("ids").items()) ids.push_back(static_cast<int>(id.as_int()));
  return ids;
}

TEST_CASE("texts are those of kelvin-generate at the same seed and draw, and equal chains do not differ") {
  const auto lines = test::json_lines(duel({"--chains", "temp=0.8", "temp=0.8", "top-k=3,temp=1.5", "--draws",
                                            "5", "--n", "12", "--seed", "6", "--json"}));
  for (const char* draw : {"1", "4"}) {
    const auto generated = test::json_lines(
        run({"kelvin-generate", "--prompt", "Once upon a time", "--threads", "1", "--sample",
             "top-k=3,temp=1.5", "--seed", "6", "--draw-index", draw, "--n", "12", "--json"}));
    bool found = false;
    for (const JsonDocument& line : lines) {
      const JsonValue root = line.root();
      if (root.at("type").as_string() != "text" || root.at("draw").as_int() != std::stoi(draw) ||
          root.at("chain").as_string() != "top-k=3,temp=1.5")
        continue;
      CHECK(ids_of(root) == ids_of(generated.back().root()));
      found = true;
    }
    CHECK(found);
  }
  int steps = 0, measures = 0;
  for (const JsonDocument& line : lines) {
    const JsonValue root = line.root();
    const bool equal = root.find("second") && root.at("second").as_string() == "temp=0.8";
    if (root.at("type").as_string() == "steps") {
      ++steps;
      CHECK(root.at("steps").as_int() > 20);
      CHECK(root.at("kl").is_null() != equal);  // there is no step without a token that top-k removes
      if (equal) CHECK(root.at("kl").as_double() == 0);
      CHECK((root.at("tv").as_double() == 0) == equal);
      CHECK(root.at("agree_same_noise").as_double() >= root.at("agree_independent").as_double());
      // top-k removes what temp=0.8 allows, at every step.
      CHECK(root.at("kl_infinite").as_double() == (equal ? 0 : 1));
      CHECK(root.at("kl_back_infinite").as_double() == 0);
      if (equal) CHECK(root.at("agree_same_noise").as_double() == 1);
      if (!equal) CHECK(root.at("entropy_second").as_double() <= std::log(3.0));
    } else if (root.at("type").as_string() == "measure" && equal) {
      ++measures;
      CHECK(root.at("p").as_double() == 1);
      CHECK(root.at("difference").as_double() == 0);
    }
  }
  CHECK(steps == 2);
  CHECK(measures == 6);
}

TEST_CASE("shards and an interrupted run say what one run says") {
  const test::TemporaryFolder folder;
  const std::vector<std::string> asked = {"--chains", "temp=0.5", "temp=1", "--draws",
                                          "9",        "--n",      "6",      "--json"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), asked.begin(), asked.end());
    return duel(more);
  };
  const auto whole = with({});
  std::vector<std::string> merge = {"--merge"};
  for (const char* shard : {"1/2", "2/2"}) {
    merge.push_back(folder.path() / ("part" + std::to_string(merge.size())));
    CHECK(with({"--shard", shard, "--part", merge.back()}).out == "");
  }
  CHECK(test::results(with(merge)) == test::results(whole));
  const std::string part = folder.path() / "all";
  CHECK(test::results(with({"--part", part})) == test::results(whole));
  const std::string lines = test::read_text(part);
  std::ofstream(part, std::ios::binary) << lines.substr(0, lines.find('\n') + 60);
  CHECK(test::results(with({"--part", part})) == test::results(whole));
  CHECK(test::read_text(part) == lines);
  merge.insert(merge.begin(), {"--chains", "temp=0.5", "temp=2"});
  CHECK(duel(merge).status == 2);
}

TEST_CASE("numpy finds the same figures in the JSON lines") {
  const char* named = std::getenv("KELVIN_PYTHON");
  const std::string python = named ? named : "python3";
  if (run({"/bin/sh", "-c", python + " -c 'import numpy'"}).status != 0) {
    std::printf("SKIPPED: %s has no numpy (KELVIN_PYTHON names another)\n", python.c_str());
    return;
  }
  const test::TemporaryFolder folder;
  const auto found =
      duel({"--chains", "temp=0.8", "temp=1.5", "--draws", "8", "--n", "16", "--ignore-eos", "--json"});
  std::ofstream(folder.path() / "duel.jsonl", std::ios::binary) << found.out;
  const auto again =
      run({python, test::source_dir() / "tests/tools/lab/duel/recompute.py", folder.path() / "duel.jsonl"});
  REQUIRE_MESSAGE(again.status == 0, again.err);
  CHECK(std::stod(again.out) < 1e-9);
}

TEST_CASE("a page, and what is wrong is said") {
  const test::TemporaryFolder folder;
  const auto page = folder.path() / "page.html";
  const auto told = duel({"--chains", "temp=0.5", "temp=-1", "--draws", "4", "--n", "5", "--html", page});
  REQUIRE(told.status == 0);
  CHECK(test::holds(told.out, "with the same noise"));
  const std::string html = test::read_text(page);
  CHECK(test::holds(html, "quality and diversity"));
  CHECK(html.find("src=") == html.npos);
  const auto error = [](std::vector<std::string> words) {
    const auto finished = duel(std::move(words));
    CHECK(finished.status == 2);
    return finished.err;
  };
  CHECK(test::holds(error({"--chains", "temp=1"}), "--chains: two chains or more expected, 1 found"));
  CHECK(test::holds(error({"--chains", "temp=1", "string-ban=fox"}), "string-ban takes tokens back"));
  CHECK(test::holds(error({"--chains", "temp=1", "tmp=2"}), "did you mean"));
  CHECK(test::holds(error({"--chains", "temp=1", "temp=2", "--n", "100000"}), "--ctx"));
}

}  // namespace
}  // namespace kelvin
