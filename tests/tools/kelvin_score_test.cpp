// kelvin-score as a user runs it, on the demo model.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"
#include "tools/output/sha256.h"

namespace kelvin {
namespace {

const std::string three_tasks =
    R"({"id":"legs","messages":[{"role":"user","content":"How many legs does a spider have?"}],"answer":{"regex":"[Ee]ight"},"max_tokens":12})"
    "\n\n"
    R"({"id":"fox","prompt":"The fox","answer":{"text":"was","where":"begin"},"cluster":"stories","max_tokens":7})"
    "\n"
    R"({"id":"once","prompt":"Once upon a","answer":"time","cluster":"stories","stop":[","," there"]})"
    "\n";

struct Place {
  test::TemporaryFolder folder;
  std::string tasks = (folder.path() / "tasks.jsonl").string(), part = (folder.path() / "part").string();

  explicit Place(const std::string& lines = three_tasks) { write(tasks, lines); }
  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  test::Finished run(std::vector<std::string> more) const {
    std::vector<std::string> argv = {"kelvin-score", "--tasks", tasks, "-n", "9"};
    argv.insert(argv.end(), more.begin(), more.end());
    return test::run_tool(argv);
  }
};

const std::vector<std::string> small = {"--temps", "0.3,0.7,1.5", "--draws", "3", "--seed", "5", "--json"};

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_CASE("an output is what kelvin-generate draws with the task's seed, whatever runs beside it") {
  const Place place;
  const auto lines = test::json_lines(place.run(with(small, {"--batch", "4"})));
  REQUIRE(lines.size() == 9 + 3 + 1);
  for (const std::size_t at : {1u, 4u, 7u}) {  // "fox", at each temperature
    const JsonValue line = lines[at].root();
    CAPTURE(line.at("chain").as_string());
    CHECK(line.at("task").as_string() == "fox");
    const auto alone = test::json_lines(test::run_tool(
        {"kelvin-generate", "-p", "The fox", "-n", "7", "--sample", std::string(line.at("chain").as_string()),
         "--seed", std::to_string(line.at("seed").as_uint()), "--draw-index", "2", "--json"}));
    CHECK(line.at("texts").at(2).as_string() == alone[0].root().at("text").as_string());
    double sum = 0;
    for (const JsonValue p : alone[0].root().at("logprobs").items()) sum += p.as_double();
    CHECK(line.at("logprobs").at(2).as_double() == doctest::Approx(sum / 7).epsilon(1e-12));
  }
  CHECK(lines[1].root().at("chain").as_string() == "temp=0.3");
  CHECK(lines[4].root().at("seed").as_uint() == lines[1].root().at("seed").as_uint());
  CHECK(test::results(place.run(with(small, {"--batch", "1"}))) ==
        test::results(place.run(with(small, {"--batch", "4"}))));
}

TEST_CASE("figures and hash follow from the outputs") {
  const Place place;
  const auto lines =
      test::json_lines(place.run(with(small, {"--chain", "temp-schedule='step < 3 ? 1.5 : 0.3'"})));
  REQUIRE(lines.size() == 12 + 4 + 1);
  Sha256 hash;
  for (std::size_t at = 0; at < 12; ++at)
    for (std::size_t draw = 0; draw < 3; ++draw) {
      std::string text =
          std::to_string(at / 3) + " " + std::to_string(at % 3) + " " + std::to_string(draw) + ":";
      for (const JsonValue id : lines[at].root().at("ids").at(draw).items())
        text += " " + std::to_string(id.as_int());
      text += "\n";
      hash.update(std::as_bytes(std::span(text)));
    }
  CHECK(lines[16].root().at("sha256").as_string() == hash.hex());
  for (std::size_t chain = 0; chain < 4; ++chain) {
    const JsonValue figures = lines[12 + chain].root();
    double share[3] = {}, pass2 = 0;
    for (std::size_t task = 0; task < 3; ++task) {
      int right = 0;
      for (const JsonValue one : lines[3 * chain + task].root().at("right").items()) right += one.as_bool();
      share[task] = right / 3.0;
      pass2 += (right >= 2 ? 1.0 : right == 1 ? 2.0 / 3 : 0.0) / 3;
    }
    const double mean = (share[0] + share[1] + share[2]) / 3;
    // Two clusters: "legs", and both stories.
    const double a = share[0] - mean, b = share[1] + share[2] - 2 * mean;
    CHECK(figures.at("accuracy").as_double() == doctest::Approx(mean));
    CHECK(figures.at("accuracy_se").as_double() == doctest::Approx(std::sqrt(2 * (a * a + b * b)) / 3));
    CHECK(figures.at("pass@2").as_double() == doctest::Approx(pass2));
    CHECK(figures.at("pass@1").as_double() == doctest::Approx(mean));
  }
  CHECK(lines[12].root().at("difference").as_double() == 0);
  // Cold, the demo model knows.
  CHECK(lines[12].root().at("accuracy").as_double() > 0.3);
  CHECK(lines[15].root().at("chain").as_string() == R"(temp-schedule="step < 3 ? 1.5 : 0.3")");
}

TEST_CASE("a reviewer's script recomputes figures and hash") {
  if (test::run({"/bin/sh", "-c", "command -v python3"}).status != 0) {
    MESSAGE("skipped: no python3 here");
    return;
  }
  const Place place;
  const test::Finished said = place.run(with(small, {"--draws", "4"}));
  const std::string file = (place.folder.path() / "said.jsonl").string();
  Place::write(file, said.out);
  const std::string script = (test::source_dir() / "tools" / "lab" / "score" / "recompute.py").string();
  const auto recompute = [&] { return test::run({"/usr/bin/env", "python3", script, file}); };
  const test::Finished agreed = recompute();
  CHECK_MESSAGE(agreed.status == 0, agreed.err);
  CHECK(test::holds(said.out, agreed.out.substr(agreed.out.size() - 65, 64)));
  // It would notice a token and a verdict that were changed.
  for (const std::string key : {"\"ids\":[[", "\"right\":["}) {
    std::string changed = said.out;
    const std::size_t at = changed.find(key) + key.size();
    if (key[1] == 'i')
      changed.insert(at, "7,");
    else
      changed.replace(at, changed[at] == 't' ? 4 : 5, changed[at] == 't' ? "false" : "true");
    Place::write(file, changed);
    CHECK(recompute().status != 0);
  }
}

TEST_CASE("an interrupted run goes on, and shards are joined, to the same bytes") {
  const Place place;
  const std::string whole = test::results(place.run(with(small, {"--out", place.part})));
  const std::string written = test::read_text(place.part);
  // Ended within the second task, while a line was being written.
  std::size_t cut = 0;
  for (int line = 0; line < 14; ++line) cut = written.find('\n', cut) + 1;
  REQUIRE(cut < written.size());
  Place::write(place.part, written.substr(0, cut + 20));
  CHECK(test::results(place.run(with(small, {"--out", place.part}))) == whole);
  // What is there is not drawn again, and not of another run.
  CHECK(test::results(place.run(with(small, {"--out", place.part}))) == whole);
  const test::Finished other = place.run({"--temps", "0.5", "--out", place.part});
  CHECK(other.status == 2);

  std::vector<std::string> merge = {"kelvin-score", "--json", "--merge"};
  for (const std::string shard : {"1/2", "2/2"}) {
    merge.push_back(place.part + shard.substr(0, 1));
    REQUIRE(place.run(with(small, {"--shard", shard, "--part", merge.back()})).status == 0);
  }
  CHECK(test::results(test::run(merge)) == whole);
  // A part that somebody has cut by hand is no crash.
  std::string less = written;
  const std::size_t line = less.find("{\"unit\":1,\"piece\"");
  Place::write(place.part, less.erase(line, less.find('\n', line) + 1 - line));
  const test::Finished refused = test::run({"kelvin-score", "--merge", place.part});
  CHECK(refused.status == 2);
  CHECK(test::holds(refused.err, "does not hold the answers"));
}

TEST_CASE("commands run only where that was allowed") {
  const Place place(
      R"({"prompt":"Once upon a","answer":{"command":["grep","-q","time","answer.txt"]},"max_tokens":2})"
      "\n");
  const test::Finished refused = place.run({"--temps", "0"});
  CHECK(refused.status == 2);
  CHECK(refused.err ==
        "kelvin-score: task 1 runs a command on this machine; if you trust all of them, --run-commands\n");
  const auto lines = test::json_lines(place.run({"--temps", "0", "--run-commands", "--json"}));
  CHECK(lines[1].root().at("accuracy").as_double() == 1);
}

TEST_CASE("a task that cannot be read is an error with its line and key") {
  const auto error = [](const std::string& lines) {
    const Place place(lines);
    const test::Finished finished = place.run({});
    CHECK(finished.status == 2);
    const std::size_t at = finished.err.find(", line ");
    return finished.err.substr(at == std::string::npos ? 0 : at + 2);
  };
  CHECK(error(R"({"prompt":"x","anwser":"y"})") == "line 1: anwser: unknown key; did you mean answer?\n");
  CHECK(error("\n"
              R"({"answer":"y"})") == "line 2: either prompt or messages expected\n");
  CHECK(error(R"({"id":"a","prompt":"x","answer":"y"})"
              "\n"
              R"({"id":"a","prompt":"x","answer":"y"})") ==
        "line 2: id: \"a\" is the id of an earlier task\n");
  CHECK(test::holds(error(""), "no task in it"));
  const test::Finished twice = test::run_tool({"kelvin-score"});
  CHECK(test::holds(twice.err, "either --tasks FILE or --lm-eval FILE expected"));
}

TEST_CASE("a task of lm-eval is read, or refused by the key that is done otherwise here") {
  const test::TemporaryFolder folder;
  const std::string config = (folder.path() / "sums.yaml").string();
  Place::write((folder.path() / "docs.jsonl").string(), R"({"a":"Once","rest":"time there"})"
                                                        "\n"
                                                        R"({"a":"Twice","rest":"x"})"
                                                        "\n");
  const auto run = [&](const std::string& more, const std::string& type = "generate_until") {
    Place::write(config,
                 R"({"task":"t","dataset_path":"json","dataset_kwargs":{"data_files":{"test":"docs.jsonl"}},)"
                 R"("test_split":"test","output_type":")" +
                     type +
                     R"(","doc_to_text":"{{a}} upon a","doc_to_target":"rest",)"
                     R"("generation_kwargs":{"until":[","],"max_gen_toks":2,"do_sample":false})" +
                     more + "}");
    return test::run_tool({"kelvin-score", "--lm-eval", config, "--temps", "0", "--json"});
  };
  // The model's " time," has a blank before it, which lm-eval counts unless a filter takes it.
  const auto plain = test::json_lines(run(""));
  CHECK(plain[0].root().at("right").at(0).as_bool() == false);
  const std::string filter =
      R"(,"filter_list":[{"name":"s","filter":[{"function":"remove_whitespace"},{"function":"take_first"}]}])";
  const auto stripped = test::json_lines(run(filter));
  const std::string first(stripped[0].root().at("texts").at(0).as_string());
  CHECK(first.starts_with(" time"));
  CHECK(stripped[0].root().at("right").at(0).as_bool() == (first == " time there"));
  CHECK(stripped[0].root().at("answers").at(0).as_string() == first.substr(1));
  CHECK(stripped[1].root().at("right").at(0).as_bool() == false);

  const auto error = [&](const test::Finished& finished) {
    CHECK(finished.status == 2);
    return finished.err;
  };
  CHECK(test::holds(error(run("", "multiple_choice")), "output_type: generate_until expected"));
  CHECK(test::holds(error(run(R"(,"num_fewshot":5)")), "num_fewshot: 0 expected"));
  CHECK(test::holds(error(run(R"(,"doc_to_choice":["a"])")), "doc_to_choice: "));
  CHECK(test::holds(error(run(R"(,"metric_list":[{"metric":"bleu"}])")),
                    "metric_list[0].metric: exact_match expected"));
  CHECK(test::holds(error(run(R"(,"metric_list":[{"metric":"exact_match","ignore_case":true}])")),
                    "ignore_case: false expected"));
  Place::write(config, "task: t\n");
  CHECK(test::holds(error(test::run_tool({"kelvin-score", "--lm-eval", config})), "a JSON object expected"));
}

TEST_CASE("the page names chains, tasks and the hash") {
  const Place place;
  const std::string page = (place.folder.path() / "page.html").string();
  const test::Finished finished = place.run({"--temps", "0.5,1.2", "--draws", "2", "--html", page});
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  const std::string html = test::read_text(page);
  const std::size_t at = finished.out.find("sha256 of all outputs ") + 22;
  for (const std::string& part : {std::string("temp=0.5"), std::string("temp=1.2"), std::string("legs"),
                                  std::string("pass@2"), finished.out.substr(at, 64)})
    CHECK(test::holds(html, part));
  CHECK(html.size() < 100000);
}

}  // namespace
}  // namespace kelvin
