#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "engine/weights/weights.h"
#include "loaders/json/json_file.h"
#include "tests/tools/demo.h"
#include "tests/tools/json_lines.h"
#include "tools/lab/glitch/glitch_score.h"

namespace kelvin {
namespace {

using test::run;

std::vector<JsonDocument> glitch(std::vector<std::string> words) {
  words.insert(words.begin(), {"kelvin-glitch", "--json"});
  return test::json_lines(run(words));
}

std::set<int> ids_in(const char* key) {
  const JsonDocument known = load_json(test::source_dir() / "tools/ember/glitch_tokens.json");
  std::set<int> ids;
  for (const JsonValue id : known.root().at(key).items()) ids.insert(static_cast<int>(id.as_int()));
  return ids;
}

int id_in(const JsonDocument& line) { return static_cast<int>(line.root().at("id").as_int()); }

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST_CASE("the demo model: what stands first never occurred in the training text, planted tokens included") {
  const std::set<int> never = ids_in("never_trained_ids"), planted = ids_in("planted_ids");
  const auto check = [&](const std::vector<JsonDocument>& tokens) {
    REQUIRE(tokens.size() == never.size());
    int hits = 0, found = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (i < 100) hits += static_cast<int>(never.count(id_in(tokens[i])));
      found += static_cast<int>(planted.count(id_in(tokens[i])));
      if (i > 0)
        CHECK(tokens[i - 1].root().at("score").as_double() >= tokens[i].root().at("score").as_double());
    }
    CHECK(hits >= 90);
    CHECK(found * 10 >= static_cast<int>(planted.size()) * 9);
  };
  const std::string all = std::to_string(never.size());
  check(glitch({"--top", all}));
  check(glitch(
      {"--top", all, "--weights", "f32", "--text",
       "Once upon a time, a brave fox lived in the forest. What is temperature? It divides the logits."}));
}

TEST_CASE("distances, norms and mean log-probabilities are those of a plain computation") {
  const test::TemporaryFolder folder;
  const OpenModel& model = test::demo();
  const Matrix& embedding = model.model->weights().embedding;
  const auto cols = static_cast<std::size_t>(embedding.cols), rows = static_cast<std::size_t>(embedding.rows);
  std::vector<double> centroid(cols, 0.0);
  std::vector<float> row(cols);
  for (std::size_t r = 0; r < rows; ++r) {
    read_row(embedding, static_cast<int>(r), row.data());
    for (std::size_t i = 0; i < cols; ++i) centroid[i] += row[i] / static_cast<double>(rows);
  }
  const std::vector<std::string> text = {"--text", "The fox went to the sea.", "--threads", "1"};
  std::vector<std::string> words = {"kelvin-logits", "--prompt", text[1], "--raw", folder.path() / "raw"};
  REQUIRE(run(words).status == 0);
  const auto logits = test::read_array<float>(folder.path() / "raw");
  const std::size_t contexts = logits.size() / rows - 1;  // nothing came after the last token
  words = text;
  words.insert(words.end(), {"--top", "2048", "--tail", "25"});
  const auto tokens = glitch(words);
  REQUIRE(tokens.size() == rows);
  for (std::size_t t = 0; t < tokens.size(); t += 41) {
    const JsonValue token = tokens[t].root();
    const auto id = static_cast<std::size_t>(token.at("id").as_int());
    CAPTURE(id);
    read_row(embedding, static_cast<int>(id), row.data());
    double square = 0, away = 0;
    for (std::size_t i = 0; i < cols; ++i) {
      square += static_cast<double>(row[i]) * row[i];
      away += (row[i] - centroid[i]) * (row[i] - centroid[i]);
    }
    CHECK(token.at("norm").as_double() == doctest::Approx(std::sqrt(square)).epsilon(1e-5));
    CHECK(token.at("distance").as_double() == doctest::Approx(std::sqrt(away)).epsilon(1e-5));
    CHECK(token.at("piece").as_string() == model.tokenizer().piece(static_cast<int>(id)));
    double mean = 0, tail = 0, last = 0;
    for (std::size_t c = 0; c < contexts; ++c) {
      const std::span<const float> z(logits.data() + c * rows, rows);
      double sum = 0;
      int below = 0;
      for (const float other : z) {
        sum += std::exp(static_cast<double>(other));
        below += other < z[id];
      }
      mean += (z[id] - std::log(sum)) / static_cast<double>(contexts);
      tail += below < 25;
      last += below == 0;
    }
    CHECK(token.at("mean_logprob").as_double() == doctest::Approx(mean).epsilon(1e-9));
    CHECK(token.at("tail_share").as_double() == doctest::Approx(tail / static_cast<double>(contexts)));
    CHECK(token.at("last_share").as_double() == doctest::Approx(last / static_cast<double>(contexts)));
  }
}

TEST_CASE("what the tokenizer can reach") {
  const OpenModel& model = test::demo();
  const Tokenizer& tokenizer = model.tokenizer();
  CHECK(reach_of(tokenizer, tokenizer.encode(" fox", false)[0]) == Reach::reached);
  CHECK(reach_of(tokenizer, *tokenizer.id_of("<|eot_id|>")) == Reach::special);
  int fragments = 0;
  for (int id = 0; id < tokenizer.vocab_size(); ++id) {
    const Reach reach = reach_of(tokenizer, id);
    const std::string text = tokenizer.decode(std::span(&id, 1));
    CHECK((reach == Reach::reached) == (tokenizer.encode(text, false) == std::vector<int>{id} &&
                                        !tokenizer.is_special(id) && reach != Reach::fragment));
    fragments += reach == Reach::fragment;
  }
  CHECK(fragments >= 128);
}

TEST_CASE("untrained tokens are not copied, random ones are; shards and an interrupted run say the same") {
  const test::TemporaryFolder folder;
  const std::vector<std::string> asked = {
      "--text", "The fox went to the sea. ", "--repeat", "5", "--top", "2048", "--threads", "1"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"kelvin-glitch"});
    more.insert(more.end(), asked.begin(), asked.end());
    return run(more);
  };
  const auto whole = with({"--json"});
  const auto lines = test::json_lines(whole);
  const JsonValue copies = lines.back().root().at("scan").at("copies");
  CHECK(copies.at("suspects").as_int() == 5);
  CHECK(copies.at("copied").as_int() == 0);
  CHECK(copies.at("controls").as_int() == 5);
  // Such a small model copies nothing, and the tool says that this tells nothing.
  CHECK(copies.at("controls_copied").as_int() == 0);
  CHECK(test::holds(run({"kelvin-glitch", "--repeat", "5", "--top", "1"}).out, "the test has no power here"));
  CHECK(copies.at("answers").size() == 10);
  const std::set<int> never = ids_in("never_trained_ids");
  for (const JsonValue answer : copies.at("answers").items()) {
    if (!answer.at("control").as_bool()) CHECK(never.count(static_cast<int>(answer.at("id").as_int())) == 1);
    CHECK((answer.at("rank").as_int() == 1) == (answer.at("said").as_int() == answer.at("id").as_int()));
  }
  std::vector<std::string> merge = {"kelvin-glitch", "--json", "--top", "2048", "--merge"};
  for (const char* shard : {"1/2", "2/2"}) {
    merge.push_back(folder.path() / ("part" + std::to_string(merge.size())));
    const auto finished = with({"--shard", shard, "--part", merge.back()});
    CHECK(finished.status == 0);
    CHECK(finished.out == "");
  }
  CHECK(test::results(run(merge)) == test::results(whole));
  const std::string part = test::read_text(merge.back());
  write(merge.back(), part.substr(0, part.size() / 2));
  CHECK(run(merge).status == 2);
  CHECK(with({"--shard", "2/2", "--part", merge.back()}).status == 0);
  CHECK(test::read_text(merge.back()) == part);
}

TEST_CASE("special tokens are hidden, or stand in one line") {
  const auto special = [](const std::vector<JsonDocument>& lines) {
    std::size_t count = 0;
    for (const JsonDocument& line : lines) count += line.root().at("special").as_bool();
    return count;
  };
  CHECK(special(glitch({"--top", "2048"})) == 5);
  const auto hidden = glitch({"--top", "2048", "--hide-special"});
  CHECK(special(hidden) == 0);
  CHECK(hidden.size() == 2043);
  CHECK(hidden.back().root().at("scan").at("hidden").as_int() == 5);
  CHECK(
      test::holds(run({"kelvin-glitch", "--top", "1", "--hide-special"}).out, "5 special tokens are hidden"));
}

TEST_CASE("contexts go on within a window from what was counted") {
  const test::TemporaryFolder folder;
  const auto contexts = [&](const std::string& ids, const std::string& part) {
    const auto finished =
        run({"kelvin-glitch", "--ids", ids, "--part", part, "--json", "--top", "2048", "--threads", "1"});
    return test::results(finished);
  };
  const std::string all = folder.path() / "all", first = folder.path() / "first",
                    resumed = folder.path() / "resumed";
  const std::string whole = contexts("2043,640,609,258,477,11", all);
  contexts("2043,640,609,258", first);
  // What a run leaves that was interrupted after three contexts.
  const std::string line = test::read_text(first).substr(test::read_text(first).find('\n') + 1),
                    head = test::read_text(all).substr(0, test::read_text(all).find('\n') + 1),
                    key = "\"result\"";
  std::string piece = line;
  piece.replace(piece.find(key), key.size(), "\"piece\"");
  write(resumed, head + piece);
  CHECK(contexts("2043,640,609,258,477,11", resumed) == whole);
  CHECK(test::read_text(resumed).ends_with(test::read_text(all).substr(head.size())));
}

TEST_CASE("a page that needs nothing else, and what is wrong is said") {
  const test::TemporaryFolder folder;
  const auto page = folder.path() / "page.html";
  REQUIRE(run({"kelvin-glitch", "--top", "200", "--html", page}).status == 0);
  const std::string html = test::read_text(page);
  CHECK(html.size() < 2'000'000);
  CHECK(html.find("<svg") != html.npos);
  CHECK(html.find("src=") == html.npos);
  CHECK(html.find("centroid") != html.npos);
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"--shard", "1/2"},
                                             {"--top", "0"},
                                             {"--repeat", "-1"},
                                             {"--merge", "absent"},
                                             {"--html", "/nowhere/page.html"}}) {
    std::vector<std::string> words = wrong;
    words.insert(words.begin(), "kelvin-glitch");
    const auto finished = run(words);
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
  }
}

}  // namespace
}  // namespace kelvin
