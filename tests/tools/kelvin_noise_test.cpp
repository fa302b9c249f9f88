#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"

namespace kelvin {
namespace {

using test::run;

const std::string text =
    "Once upon a time, a brave fox lived in the forest. What is temperature? It divides the logits.";

test::Finished noise(std::vector<std::string> words) {
  words.insert(words.begin(), {"kelvin-noise", "--threads", "1"});
  return run(words);
}

std::vector<float> raw_logits(const std::string& weights) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "raw";
  REQUIRE(run({"kelvin-logits", "--prompt", text, "--weights", weights, "--raw", file}).status == 0);
  return test::read_array<float>(file);
}

TEST_CASE("KL, first choices and errors are those of the logits of kelvin-logits") {
  constexpr std::size_t vocabulary = 2048, steps = 20;
  const auto finished = noise({"--text", text, "--runs", "q4,q8", "--positions", "20", "--json"});
  REQUIRE(finished.status == 0);
  const auto reference = raw_logits("f32");
  for (const std::string weights : {"q4", "q8"}) {
    CAPTURE(weights);
    const auto here = raw_logits(weights);
    double kl = 0, same_top = 0, same_last = 0;
    for (std::size_t t = 0; t < steps; ++t) {
      const float *a = &reference[t * vocabulary], *b = &here[t * vocabulary];
      double za = 0, zb = 0;
      for (std::size_t i = 0; i < vocabulary; ++i)
        za += std::exp(static_cast<double>(a[i])), zb += std::exp(static_cast<double>(b[i]));
      for (std::size_t i = 0; i < vocabulary; ++i)
        kl += std::exp(static_cast<double>(a[i])) / za * (a[i] - std::log(za) - b[i] + std::log(zb)) / steps;
      same_top += std::max_element(a, a + vocabulary) - a == std::max_element(b, b + vocabulary) - b;
      same_last += std::min_element(a, a + vocabulary) - a == std::min_element(b, b + vocabulary) - b;
    }
    int bands = 0;
    for (const JsonDocument& line : test::json_lines(finished.out)) {
      const JsonValue root = line.root();
      if (root.at("run").as_string() != weights) continue;
      if (!root.find("band")) {
        CHECK(root.at("steps").as_uint() == steps);
        CHECK(root.at("kl").as_double() == doctest::Approx(kl).epsilon(1e-6));
        continue;
      }
      ++bands;
      if (root.at("band").as_string() == "top 1")
        CHECK(root.at("agreement").as_double() == doctest::Approx(same_top / steps));
      if (root.at("band").as_string() == "last 1")
        CHECK(root.at("agreement").as_double() == doctest::Approx(same_last / steps));
    }
    CHECK(bands == 8);
  }
}

TEST_CASE("more noise shows as more noise, and the verdict tells a strong signal from a weak one") {
  const auto finished =
      noise({"--text", text, "--positions", "20", "--draws", "2", "--json", "--runs", "ulp-f32,ulp-bf16,q4"});
  REQUIRE(finished.status == 0);
  std::vector<double> kl;
  std::vector<std::string> verdicts;
  for (const JsonDocument& line : test::json_lines(finished.out))
    if (!line.root().find("band")) {
      kl.push_back(line.root().at("kl").as_double());
      verdicts.emplace_back(line.root().at("verdict").as_string());
      CHECK(line.root().at("steps").as_uint() == (kl.size() == 3 ? 20u : 40u));
      CHECK(line.root().at("reference").as_string() == "bf16");
    } else {
      const double kept = line.root().at("kept").as_double(), error = line.root().at("kept_se").as_double();
      const auto strength = line.root().at("strength").as_string();
      if (strength == "strong") CHECK(kept - 3 * error > 0.5);
      CHECK(line.root().at("signal").as_bool() == (strength != "noise"));
    }
  REQUIRE(kl.size() == 3);
  CHECK(kl[0] > 0);
  CHECK(kl[0] < 1e-9);
  CHECK(kl[1] > 1e-5);
  CHECK(test::holds(verdicts[0],
                    "strong signal to the very end: with ulp-f32 x 2 the least likely token is the same in "
                    "100.0 % of 40 steps (95 %: "));
  CHECK(test::holds(verdicts[2], " at the very end: with q4 the least likely token is the same in "));
  CHECK(test::holds(verdicts[2], "; strong: top "));
}

TEST_CASE("no version is the reference itself") {
  const auto same = noise({"--text", text, "--runs", "q8,bf16"});
  CHECK(same.status == 2);
  CHECK(test::holds(same.err, "--runs: bf16: the weights of this model are bf16 already"));
  const auto usual = noise({"--text", text, "--positions", "4", "--draws", "1", "--json"});
  REQUIRE(usual.status == 0);
  std::string runs;
  for (const JsonDocument& line : test::json_lines(usual.out))
    if (!line.root().find("band")) {
      runs += std::string(line.root().at("run").as_string()) + " ";
      CHECK(line.root().at("kl").as_double() > 0);
    }
  CHECK(runs == "ulp-bf16 q8 q4 ulp-f32 ");
}

TEST_CASE("shards are joined to what one run says; pictures and a page appear") {
  if (test::left_out_today(0, 3)) return;
  const test::TemporaryFolder folder;
  const std::vector<std::string> asked = {"--text", text + " " + text, "--ctx", "24", "--runs", "q8,ulp-f32"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), asked.begin(), asked.end());
    return noise(more);
  };
  const auto svg = folder.path() / "noise.svg", html = folder.path() / "noise.html";
  const auto whole = with({"--svg", svg, "--html", html});
  REQUIRE(whole.status == 0);
  CHECK(test::read_text(svg).starts_with("<svg"));
  CHECK(test::read_text(html).find("src=") == std::string::npos);
  std::vector<std::string> merge = {"--merge"};
  for (const char* shard : {"1/4", "2/4", "3/4", "4/4"}) {
    merge.push_back(folder.path() / ("part" + std::to_string(merge.size())));
    REQUIRE(with({"--shard", shard, "--part", merge.back()}).status == 0);
  }
  CHECK(test::results(noise(merge)) == test::results(whole));
  merge.pop_back();
  CHECK(noise(merge).err.find("shard 4/4 is missing") != std::string::npos);
}

TEST_CASE("an interrupted run goes on to the bytes of one that was not") {
  const test::TemporaryFolder folder;
  const auto part = folder.path() / "part";
  const std::vector<std::string> asked = {"--text", text + " " + text, "--runs", "q8,ulp-f32", "--draws",
                                          "1",      "--part",          part};
  const auto whole = noise(asked);
  REQUIRE(whole.status == 0);
  const std::string lines = test::read_text(part);
  const auto count = std::count(lines.begin(), lines.end(), '\n');
  CHECK(count >= 7);  // the head, two pieces and the end of each run
  std::size_t end = 0, place = 0;
  for (long line = 1; line < count; ++line) {
    end = lines.find('\n', end) + 1;
    if (line % 2 == 1 || test::left_out_today(place++, 3)) continue;
    // As it is left by a kill while a line is being written.
    std::ofstream(part, std::ios::binary) << lines.substr(0, end + 20);
    CHECK(noise(asked).out == whole.out);
  }
}

TEST_CASE("what cannot be is said") {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"--text", text, "--runs", "f16"},
                                             {"--text", text, "--runs", ""},
                                             {"--text", text, "--weights", "q8"},
                                             {"--text", ""},
                                             {"--text", "a", "--draws", "0"},
                                             {}}) {
    const auto finished = noise(wrong);
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
  }
}

}  // namespace
}  // namespace kelvin
