#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "loaders/json/json_file.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"

namespace kelvin {
namespace {

using test::run;

JsonDocument last_line(const std::string& out) {
  std::istringstream lines(out);
  std::string line, last;
  while (std::getline(lines, line)) last = line;
  return parse_json(last);
}

std::string joined(const std::vector<int>& ids) {
  std::string text;
  for (const int id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
  return text;
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

void write_floats(const std::filesystem::path& path, const std::vector<float>& values) {
  write(path, std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
}

test::Finished thermometer(std::vector<std::string> words) {
  words.insert(words.begin(), "kelvin-thermometer");
  return run(words);
}

TEST_CASE("raw logits: the last line is one object with the keys of the temperature") {
  const test::TemporaryFolder folder;
  const auto rows = folder.path() / "rows.bin";
  // Two states at distance 1, the likelier taken three times of four: beta* = ln 3.
  write_floats(rows, {0, 1, 0, 1, 0, 1, 0, 1});
  const auto finished = thermometer({"--logits", rows, "--vocab", "2", "--ids", "1,1,0,1", "--json"});
  REQUIRE(finished.status == 0);
  const JsonDocument fit = last_line(finished.out);
  CHECK(fit.root().at("beta").as_double() == doctest::Approx(std::log(3.0)).epsilon(1e-12));
  CHECK(fit.root().at("T").as_double() == doctest::Approx(1 / std::log(3.0)).epsilon(1e-12));
  CHECK(fit.root().at("beta_se").as_double() == doctest::Approx(std::sqrt(4.0 / 3)).epsilon(1e-12));
  CHECK(fit.root().at("nll").as_double() ==
        doctest::Approx(4 * std::log(4.0) - 3 * std::log(3.0)).epsilon(1e-12));
  CHECK(fit.root().at("steps").as_int() == 4);
  CHECK(fit.root().at("bits_per_byte").is_null());
  std::string keys;
  for (const auto& [key, value] : fit.root().members()) keys += std::string(key) + " ";
  CHECK(keys ==
        "beta beta_se beta_se_robust T nll perplexity bits_per_byte steps documents T_se T_95 provenance ");
}

TEST_CASE("raw logits: degenerate texts say what they are") {
  const test::TemporaryFolder folder;
  const auto rows = folder.path() / "rows.bin";
  write_floats(rows, {0, 1, 3, 5, 5, 2});
  const auto fit = [&](const char* ids) {
    return last_line(thermometer({"--logits", rows, "--vocab", "3", "--ids", ids, "--json"}).out);
  };
  CHECK(fit("2,0").root().at("beta").as_string() == "inf");
  CHECK(fit("2,0").root().at("T").as_double() == 0);
  CHECK(fit("2,0").root().at("nll").as_double() == doctest::Approx(std::log(2.0)));
  CHECK(fit("0,2").root().at("beta").as_string() == "-inf");
  CHECK(fit("0,2").root().at("beta_se").is_null());
  write_floats(rows, {4, 4, 4});
  CHECK(fit("1").root().at("beta").is_null());
  CHECK(thermometer({"--logits", rows, "--vocab", "3", "--ids", "1"}).out.find("T* is undetermined") !=
        std::string::npos);
  write_floats(rows, {4, 5, -std::numeric_limits<float>::infinity()});
  const auto impossible = thermometer({"--logits", rows, "--vocab", "3", "--ids", "2"});
  CHECK(impossible.status == 2);
  CHECK(impossible.err.find("step 0: token 2 is impossible there") != std::string::npos);
}

TEST_CASE("raw logits: temperatures of high-precision arithmetic") {
  if (!test::shared_has("goldens/sampling/fit")) return;
  const auto folder = test::shared_dir() / "goldens/sampling/fit";
  const JsonDocument goldens = load_json(folder / "fit.json");
  int compared = 0;
  for (const JsonValue golden : goldens.root().at("cases").items()) {
    if (golden.at("kind").as_string() != "finite") continue;
    CAPTURE(golden.at("name").as_string());
    const auto observed =
        test::read_array<std::int32_t>(folder / golden.at("observed").at("file").as_string());
    const auto finished = thermometer({"--logits", folder / golden.at("logits").at("file").as_string(),
                                       "--vocab", std::to_string(golden.at("vocab").as_int()), "--ids",
                                       joined({observed.begin(), observed.end()}), "--json"});
    REQUIRE(finished.status == 0);
    const JsonDocument fit = last_line(finished.out);
    const double beta = golden.at("beta").as_double();
    CHECK(std::fabs(fit.root().at("beta").as_double() - beta) <= 1e-10 * std::fabs(beta));
    CHECK(fit.root().at("nll").as_double() == doctest::Approx(golden.at("nll").as_double()).epsilon(1e-10));
    CHECK(fit.root().at("beta_se").as_double() ==
          doctest::Approx(golden.at("se_beta").as_double()).epsilon(1e-8));
    ++compared;
  }
  CHECK(compared > 0);
}

TEST_CASE("a page with the text on it, whatever stands in the text") {
  const test::TemporaryFolder folder;
  const auto page = folder.path() / "page.html";
  const auto finished =
      thermometer({"--text", "A fox </script><b>\x01 & \"quotes\" \xC3\xA9", "--html", page});
  REQUIRE(finished.status == 0);
  const std::string html = test::read_text(page);
  CHECK(html.find("\\u003c") != html.npos);
  std::size_t scripts = 0;  // of plots, of tables and of this page
  for (std::size_t at = html.find("</script"); at != html.npos; at = html.find("</script", at + 1)) ++scripts;
  CHECK(scripts == 3);
  CHECK(html.find("src=") == html.npos);
  CHECK(html.find("nan") == html.find("nan-"));
  std::string text;
  for (int i = 0; i < 150; ++i) text += "fox zebra quilt. ";
  write(folder.path() / "long", text);
  REQUIRE(thermometer({"--file", folder.path() / "long", "--html", page, "--json"}).status == 0);
  CHECK(std::filesystem::file_size(page) < 2'000'000);
  CHECK(thermometer({"--text", "a b", "--html", "/nowhere/page.html"}).status == 2);
}

TEST_CASE("a bare file name is the text") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "text";
  write(file, "Once upon a time there was a brave fox.");
  const auto named = thermometer({"--file", file, "--json"}), bare = thermometer({file, "--json"});
  REQUIRE(named.status == 0);
  CHECK(test::results(named) == test::results(bare));
}

TEST_CASE("what cannot be measured is one line and status 2") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "text";
  const auto error = [&](const std::vector<std::string>& words) {
    const auto finished = thermometer(words);
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
    return finished.err;
  };
  write(file, "");
  CHECK(error({"--file", file}).find("the text is empty") != std::string::npos);
  write(file, std::string("one\0two", 7));
  CHECK(error({"--file", file}).find("byte 3: text expected, NUL found") != std::string::npos);
  write(file, "good\xC3(");
  CHECK(error({"--file", file}).find("byte 4: UTF-8 expected") != std::string::npos);
  CHECK(error({"--ids", "5"}).find("at least two ids") != std::string::npos);
  CHECK(error({"--ids", "5,999999"}).find("999999 found") != std::string::npos);
  CHECK(error({"--file", folder.path() / "absent"}).find("absent") != std::string::npos);
  CHECK(error({"--text", "a", "--ids", "1,2"}).find("exclude each other") != std::string::npos);
  CHECK(error({"--compare", file}).find("two files expected") != std::string::npos);
  write(file, "12345678");
  CHECK(error({"--logits", file, "--ids", "1,0"}).find("--vocab") != std::string::npos);
  CHECK(error({}).find("a text is missing") != std::string::npos);
}

TEST_CASE("a text longer than the context is read in windows, and every token once") {
  if (test::left_out_today(1, 3)) return;
  std::string text;
  for (int i = 0; i < 60; ++i) text += "A brave fox lived in the forest. ";
  const auto whole = thermometer({"--text", text, "--json", "--threads", "1"});
  const auto parts =
      thermometer({"--text", text, "--json", "--threads", "1", "--ctx", "64", "--overlap", "32"});
  REQUIRE(whole.status == 0);
  REQUIRE(parts.status == 0);
  const JsonDocument one = last_line(whole.out), many = last_line(parts.out);
  CHECK(one.root().at("steps").as_int() == many.root().at("steps").as_int());
  CHECK(parts.out.find("\"windows\":") != std::string::npos);
  CHECK(parts.out.find("\"windows\":1,") == std::string::npos);
  // 32 tokens of memory are nearly as good as all of them.
  CHECK(many.root().at("nll").as_double() == doctest::Approx(one.root().at("nll").as_double()).epsilon(0.5));
  CHECK(thermometer({"--text", text, "--ctx", "64", "--overlap", "64"}).status == 2);
}

TEST_CASE("texts drawn by kelvin-generate are given their temperature back") {
  std::size_t place = 0;
  for (const std::string temperature : {"0.3", "0.7", "1", "1.7", "-0.5"}) {
    if (test::left_out_today(place++, 10)) continue;
    CAPTURE(temperature);
    const auto drawn = run({"kelvin-generate", "--ids", "2043", "--sample", "temp=" + temperature, "--n",
                            "400", "--ignore-eos", "--seed", "7", "--threads", "1", "--json"});
    REQUIRE(drawn.status == 0);
    std::vector<int> ids = {2043};
    const JsonDocument generated = last_line(drawn.out);
    for (const JsonValue id : generated.root().at("ids").items())
      ids.push_back(static_cast<int>(id.as_int()));
    const auto measured = thermometer({"--ids", joined(ids), "--threads", "1", "--json"});
    REQUIRE(measured.status == 0);
    const JsonDocument fit = last_line(measured.out);
    const double beta = fit.root().at("beta").as_double(), error = fit.root().at("beta_se").as_double();
    CHECK(std::fabs(beta - 1 / std::stod(temperature)) < 3 * error);
    CHECK(error < 0.3 * std::fabs(beta));
  }
}

TEST_CASE("draws are read with their prompts as context, from a file or a pipe, and pooled") {
  const test::TemporaryFolder folder;
  const std::string file = folder.path() / "draws.jsonl";
  const test::Finished drawn =
      run({"kelvin-generate", "-p", "Once upon a time there was a fox", "--sample", "temp=0.5", "--n", "60",
           "--ignore-eos", "--draws", "6", "--seed", "2", "--threads", "1", "--json"});
  REQUIRE(drawn.status == 0);
  write(file, drawn.out);
  const auto measured = thermometer({file, "--json", "--threads", "1", "--tokens"});
  REQUIRE(measured.status == 0);
  const JsonDocument fit = last_line(measured.out);
  CHECK(fit.root().at("steps").as_int() == 360);
  CHECK(fit.root().at("documents").as_int() == 6);
  const double t = fit.root().at("T").as_double(), error = fit.root().at("T_se").as_double();
  CHECK(std::fabs(t - 0.5) < 3 * error);
  CHECK(error == doctest::Approx(t * t * fit.root().at("beta_se_robust").as_double()).epsilon(1e-12));
  CHECK(fit.root().at("T_95").at(std::size_t{0}).as_double() < t);
  CHECK(fit.root().at("T_95").at(std::size_t{1}).as_double() > t);
  CHECK(test::holds(measured.out, "It was drawn with temp=0.5."));
  const auto piped = run({"kelvin-thermometer", "-", "--json", "--threads", "1"}, drawn.out);
  CHECK(last_line(piped.out).root().at("beta").as_double() == fit.root().at("beta").as_double());
  // Each token costs what the model gave it when it was drawn.
  std::vector<double> costs;
  for (const JsonDocument& line : test::json_lines(measured.out))
    if (line.root().find("type") && line.root().at("type").as_string() == "token")
      costs.push_back(line.root().at("surprise").as_double());
  std::size_t at = 0;
  for (const JsonDocument& line : test::json_lines(drawn.out))
    for (const JsonValue log_p : line.root().at("logprobs").items()) {
      REQUIRE(at < costs.size());
      CHECK(costs[at++] == doctest::Approx(-log_p.as_double()).epsilon(1e-9));
    }
  CHECK(at == costs.size());

  write(file, "{\"prompt_ids\":[1,2],\"ids\":[],\"chain\":\"\"}\n");
  CHECK(test::holds(thermometer({file}).err, "there is no draw with a token to judge"));
  write(file, "{\"prompt_ids\":[1,99999],\"ids\":[4],\"chain\":\"\"}\n");
  CHECK(test::holds(thermometer({file}).err, "line 1: prompt_ids: "));
  write(file, "{\"prompt_ids\":[1],\"ids\":[4]}\n");
  CHECK(test::holds(thermometer({file}).err, "line 1: key \"chain\" expected"));
}

TEST_CASE("shards of a long text are joined to what one run says, by either tool") {
  if (test::left_out_today(0, 3)) return;
  const test::TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 40; ++i) text += "A brave fox lived in the forest. ";
  write(folder.path() / "text", text);
  const std::vector<std::string> reading = {"--file", folder.path() / "text", "--ctx", "64", "--threads",
                                            "1"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), reading.begin(), reading.end());
    return more;
  };
  std::vector<std::string> merge = {"--merge"};
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const auto part = thermometer(with({"--shard", shard}));
    REQUIRE(part.status == 0);
    merge.push_back(folder.path() / ("part" + std::to_string(merge.size())));
    write(merge.back(), part.out);
  }
  auto merged = merge;
  merged.insert(merged.end(), {"--json", "--tokens", "--window", "50"});
  CHECK(test::results(thermometer(merged)) ==
        test::results(thermometer(with({"--json", "--tokens", "--window", "50"}))));
  const auto model_of = [](const test::Finished& finished) {
    return std::string(last_line(finished.out).root().at("provenance").at("model_hash").as_string());
  };
  CHECK(model_of(thermometer(merged)) == model_of(thermometer(with({"--json"}))));
  merged = merge;
  merged.insert(merged.begin(), "kelvin-sweep");
  std::vector<std::string> whole = with({});
  whole.insert(whole.begin(), "kelvin-sweep");
  CHECK(test::results(run(merged)) == test::results(run(whole)));

  merge.pop_back();
  const auto incomplete = thermometer(merge);
  CHECK(incomplete.status == 2);
  CHECK(incomplete.err == "kelvin-thermometer: --merge: shard 3/3 is missing\n");
  CHECK(thermometer({"--merge", folder.path() / "text"}).status == 2);
  CHECK(thermometer(with({"--shard", "1/2", "--part", folder.path() / "part1"})).status == 2);
}

TEST_CASE("an interrupted run goes on to the bytes of one that was not, wherever that was") {
  const test::TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 20; ++i) text += "A brave fox lived in the forest. ";
  write(folder.path() / "text", text);
  const std::string part = folder.path() / "part";
  const std::vector<std::string> asked = {
      "--file", folder.path() / "text", "--ctx", "100", "--threads", "1", "--overlap", "10", "--part", part,
      "--json"};
  const auto whole = thermometer(asked);
  REQUIRE(whole.status == 0);
  const std::string lines = test::read_text(part);
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; (at = lines.find('\n', at)) != lines.npos;) ends.push_back(++at);
  // A text of two windows is saved in more than two steps.
  REQUIRE(ends.size() > 5);
  std::size_t place = 0;
  for (const std::size_t line : {std::size_t{0}, std::size_t{1}, std::size_t{3}, ends.size() - 2}) {
    if (test::left_out_today(place++, 4)) continue;
    // As it is left by a kill while a line is being written.
    write(part, lines.substr(0, ends[line] + 40));
    CHECK(thermometer(asked).out == whole.out);
    CHECK(test::results(thermometer({"--merge", part, "--json"})) == test::results(whole));
  }
}

TEST_CASE("Ctrl-C says what is saved and the command that goes on") {
  if (test::left_out_today(2, 3)) return;
  const test::TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 150; ++i) text += "It's a brave fox that lived in the forest. ";
  write(folder.path() / "a text", text);
  const std::string part = folder.path() / "part", tool = (test::bin_dir() / "kelvin-thermometer").string();
  const std::string command =
      tool + " --threads 1 --json --part " + part + " '" + (folder.path() / "a text").string() + "'";
  const auto interrupted = run({"/bin/sh", "-c",
                                command + " & p=$!; n=0; until [ \"$(wc -l <" + part +
                                    " || echo 0)\" -ge 3 ] || [ $n -ge 3000 ]; do sleep 0.02; n=$((n+1)); "
                                    "done; kill -INT $p; wait $p"});
  CHECK(interrupted.status == 130);
  CHECK(interrupted.out == "");
  CHECK(test::holds(interrupted.err, "kelvin-thermometer: interrupted; "));
  CHECK(test::holds(interrupted.err, " tokens are in " + part + "; go on with: " + command + "\n"));
  const auto resumed = run({"/bin/sh", "-c", command});
  const auto whole = thermometer({"--threads", "1", "--json", folder.path() / "a text"});
  CHECK(test::results(resumed) == test::results(whole));
}

TEST_CASE("two texts are compared") {
  const test::TemporaryFolder folder;
  write(folder.path() / "a", "Once upon a time, a brave fox lived in the forest. The fox was happy.");
  write(folder.path() / "b", "zq xv jk wp qq zx vb nm kj hg fd sa po iu yt re wq");
  const auto html = folder.path() / "c.html", svg = folder.path() / "c.svg";
  const auto finished = thermometer({"--compare", folder.path() / "a", folder.path() / "b", "--json",
                                     "--threads", "1", "--html", html, "--svg", svg});
  REQUIRE(finished.status == 0);
  for (const auto& file : {html, svg}) {
    const std::string text = test::read_text(file);
    for (const char* part : {"what the texts cost at every temperature", "what each text loses",
                             "reliability", "temperature along the text", "both as one, T* = "})
      CHECK(test::holds(text, part));
  }
  CHECK(test::holds(test::read_text(html), "likelihood ratio"));
  CHECK(test::holds(test::read_text(html), " makes this text likeliest"));
  const JsonDocument comparison = last_line(finished.out);
  CHECK(comparison.root().at("type").as_string() == "comparison");
  CHECK(comparison.root().at("beta_first").as_double() > comparison.root().at("beta_second").as_double());
  CHECK(comparison.root().at("likelihood_p").as_double() < 0.01);
  CHECK(test::holds(std::string(comparison.root().at("in_words").as_string()),
                    " is hotter than " + (folder.path() / "a").string()));
}

}  // namespace
}  // namespace kelvin
