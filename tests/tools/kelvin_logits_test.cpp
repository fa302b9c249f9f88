#include <doctest/doctest.h>

#include <algorithm>

#include <cmath>
#include <cstring>
#include <fstream>

#include "loaders/json/json.h"
#include "loaders/json/json_file.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"

namespace kelvin {
namespace {

const std::string ids = "2043,2045,291,2046,1568,544,377,258,353,371,258,1295,1108,13,2047";

TEST_CASE("raw logits agree with transformers, and with the printed probabilities and ranks") {
  const test::TemporaryFolder folder;
  const std::string file = (folder.path() / "logits").string();
  for (const std::string name : {"story", "unicode_raw"}) {
    CAPTURE(name);
    const JsonDocument golden = load_json(test::data_dir() / "ember" / (name + ".json"));
    const auto prompt = golden.root().at("rendered").as_string();
    const test::Finished done =
        test::run_tool({"kelvin-logits", "--prompt", std::string(prompt), "--raw", file, "--json"});
    REQUIRE_MESSAGE(done.status == 0, done.err);

    const std::vector<JsonDocument> lines = test::json_lines(done.out);
    const JsonValue expected_ids = golden.root().at("ids");
    REQUIRE(lines.size() == expected_ids.size() + 1);
    const std::size_t vocabulary = 2048;
    CHECK(lines.back().root().at("positions").as_uint() == expected_ids.size());
    CHECK(lines.back().root().at("vocabulary").as_uint() == vocabulary);

    const std::vector<float> logits = test::read_array<float>(file);
    REQUIRE(logits.size() == expected_ids.size() * vocabulary);
    const auto last = test::read_array<float>(test::data_dir() / "ember" / (name + ".logits.bin"));
    for (std::size_t i = 0; i < vocabulary; ++i)
      CHECK(std::fabs(logits[logits.size() - vocabulary + i] - last[i]) < 1e-3f);

    for (std::size_t position = 0; position < expected_ids.size(); ++position) {
      const JsonValue line = lines[position].root();
      CHECK(line.at("position").as_uint() == position);
      const auto id = static_cast<std::size_t>(line.at("id").as_uint());
      CHECK(id == expected_ids.at(position).as_uint());
      if (position == 0) {
        CHECK(line.at("probability").is_null());
        continue;
      }
      const double nll = golden.root().at("nll").at(position - 1).as_double();
      CHECK(-line.at("logprob").as_double() == doctest::Approx(nll).epsilon(1e-3).scale(1));
      const float* row = logits.data() + (position - 1) * vocabulary;
      std::size_t rank = 1;
      double sum = 0;
      for (std::size_t i = 0; i < vocabulary; ++i) {
        rank += row[i] > row[id] || (row[i] == row[id] && i < id);
        sum += std::exp(static_cast<double>(row[i]) - row[id]);
      }
      CHECK(line.at("rank").as_uint() == rank);
      CHECK(line.at("probability").as_double() == doctest::Approx(1 / sum).epsilon(1e-9));
    }
  }
}

TEST_CASE("the hash and the file do not depend on threads, chunks and the kind of output") {
  const test::TemporaryFolder folder;
  const std::string first = (folder.path() / "1").string(), second = (folder.path() / "2").string();
  const test::Finished one =
      test::run_tool({"kelvin-logits", "--ids", ids, "--raw", first, "--threads", "1", "--chunk", "1"});
  REQUIRE_MESSAGE(one.status == 0, one.err);
  CHECK(one.out.starts_with("sha256 "));
  const test::Finished other =
      test::run_tool({"kelvin-logits", "--ids", ids, "--raw", second, "--threads", "3", "--chunk", "7"});
  CHECK(test::results(other) == test::results(one));
  CHECK(test::read_text(first) == test::read_text(second));
  const test::Finished shown = test::run_tool({"kelvin-logits", "--ids", ids});
  CHECK(test::results(shown).ends_with(test::results(one)));
  CHECK(shown.out.size() > one.out.size());
  CHECK(test::results(test::run_tool({"kelvin-logits", "--ids", ids, "--weights", "bf16", "--raw",
                                      "/dev/null"})) == test::results(one));
}

TEST_CASE("both ends can be chosen; a BOS written in the prompt is not doubled") {
  const test::Finished done =
      test::run_tool({"kelvin-logits", "--ids", ids, "--top", "2", "--bottom", "0", "--json"});
  REQUIRE(done.status == 0);
  const std::vector<JsonDocument> lines = test::json_lines(done.out);
  CHECK(lines[3].root().at("top").size() == 2);
  CHECK(lines[3].root().at("bottom").size() == 0);
  CHECK(lines[3].root().at("top").at(0).at("logprob").as_double() >=
        lines[3].root().at("top").at(1).at("logprob").as_double());

  const auto without = test::run_tool({"kelvin-logits", "--prompt", "hello", "--raw", "/dev/null"});
  const auto with =
      test::run_tool({"kelvin-logits", "--prompt", "<|begin_of_text|>hello", "--raw", "/dev/null"});
  CHECK(with.status == 0);
  CHECK(test::results(with) == test::results(without));
}

TEST_CASE(
    "a page that depends on a drawn seed names it, and its command makes the same page; others need none") {
  const test::TemporaryFolder folder;
  const std::string page = (folder.path() / "a page.html").string();
  const test::Finished drawn =
      test::run_tool({"kelvin-logits", "--user", "It's a fox", "--n", "3", "--json", "--html", page});
  const JsonDocument last = test::json_lines(drawn).back();
  const JsonValue made = last.root().at("provenance");
  const std::string command(made.at("command").as_string()), seed = std::to_string(made.at("seed").as_uint());
  CHECK(drawn.err == "seed " + seed + "\n");
  CHECK(command.ends_with(" --seed " + seed));
  const std::string first = test::read_text(page);
  CHECK(test::holds(first, "<pre>" + command + "</pre>"));
  CHECK(test::holds(first, std::string(made.at("model_hash").as_string())));
  std::filesystem::remove(page);
  REQUIRE(test::run({"/bin/sh", "-c", "PATH='" + test::bin_dir().string() + "' " + command}).status == 0);
  CHECK(test::read_text(page) == first);

  const auto plain = [&] {
    const test::Finished done = test::run_tool({"kelvin-logits", "--prompt", "hello", "--html", page});
    CHECK(done.err == "");
    return test::read_text(page);
  };
  const std::string once = plain();
  CHECK(test::holds(once, "<dt>seed</dt><dd>0</dd>"));
  CHECK(plain() == once);
  CHECK_FALSE(test::holds(test::run_tool({"kelvin-logits", "--prompt", "hello"}).out, "seed"));
}

TEST_CASE("arrays for NumPy and the lens of every layer") {
  const test::TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  const test::Finished raw = test::run_tool({"kelvin-logits", "--ids", ids, "--raw", file("raw")});
  const test::Finished npy = test::run_tool({"kelvin-logits", "--ids", ids, "--npy", file("npy"),
                                             "--lens-npy", file("lens"), "--json", "--lens", "--top", "1"});
  REQUIRE_MESSAGE(npy.status == 0, npy.err);
  const std::string numbers = test::read_text(file("raw")), array = test::read_text(file("npy"));
  REQUIRE(array.size() > numbers.size());
  CHECK(array.ends_with(numbers));
  CHECK(array.find("'shape': (15, 2048)") != std::string::npos);

  const std::string lens = test::read_text(file("lens"));
  CHECK(lens.find("'shape': (15, 6, 2048)") != std::string::npos);
  const std::size_t row = 2048 * sizeof(float);
  REQUIRE(lens.size() > 15 * 6 * row);
  const std::string all = lens.substr(lens.size() - 15 * 6 * row);
  for (std::size_t position = 0; position < 15; ++position)
    CHECK(all.substr((position * 6 + 5) * row, row) == numbers.substr(position * row, row));

  const std::vector<JsonDocument> lines = test::json_lines(npy.out);
  const JsonValue layers = lines[3].root().at("lens");
  REQUIRE(layers.size() == 6);
  CHECK(layers.at(5).at("kl").as_double() == 0);
  CHECK(layers.at(2).at("kl").as_double() > 0);
  CHECK(layers.at(5).at("next").at("logprob").as_double() == lines[4].root().at("logprob").as_double());
  CHECK(layers.at(5).at("top").at(0).at("id").as_int() == lines[3].root().at("top").at(0).at("id").as_int());
}

TEST_CASE("--check tells agreement by its exit status, and the layer that a changed dump differs at") {
  const std::string name = "llama-gqa-llama3-bf16";
  const auto goldens = test::data_dir() / "goldens";
  const std::string model = (goldens / "models" / name).string();
  const test::TemporaryFolder folder;
  const auto dump = folder.path() / "dump";
  std::filesystem::copy(goldens / "golden" / name, dump);
  const test::Finished good = test::run_tool({"kelvin-logits", "--model", model, "--check", dump.string()});
  CHECK(good.status == 0);
  CHECK(good.out.find("argmax of 7 of 7") != std::string::npos);
  CHECK(good.out.find("the model agrees with the dump (tolerance 0.00026)") != std::string::npos);

  // One number of what layer 0 gave, by a hundredth of the largest.
  std::vector<float> hidden = test::read_array<float>(dump / "short.hidden.bin");
  hidden[96 + 17] += 0.1f;
  std::filesystem::permissions(dump / "short.hidden.bin", std::filesystem::perms::owner_all);
  std::ofstream(dump / "short.hidden.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(hidden.data()), static_cast<std::streamsize>(hidden.size() * 4));
  const test::Finished bad = test::run_tool({"kelvin-logits", "--model", model, "--check", dump.string()});
  CHECK(bad.status == 1);
  CHECK(bad.err == "");
  CHECK(bad.out.find("first difference: output of layer 0, off by 0.1 at position 6") != std::string::npos);
  const test::Finished json =
      test::run_tool({"kelvin-logits", "--model", model, "--check", dump.string(), "--json"});
  CHECK(json.status == 1);
  bool named = false;
  for (const JsonDocument& line : test::json_lines(json.out))
    if (const auto first = line.root().find("first_difference"); first && first->is_string())
      named = first->as_string() == "output of layer 0";
  CHECK(named);
  CHECK_FALSE(test::json_lines(json.out).back().root().at("agrees").as_bool());

  CHECK(test::run_tool({"kelvin-logits", "--model", model, "--check", dump.string(), "--tolerance", "1e-9"})
            .status == 1);
  CHECK(test::run_tool({"kelvin-logits", "--check", dump.string()}).status == 2);
  CHECK(test::run_tool({"kelvin-logits", "--model", model, "--check", "/nonexistent"}).status == 2);
}

TEST_CASE("errors are one line that names the culprit") {
  const auto error_of = [](std::vector<std::string> argv) {
    argv.insert(argv.begin(), "kelvin-logits");
    const test::Finished done = test::run_tool(argv);
    CHECK(done.status == 2);
    CHECK(done.out == "");
    CHECK(std::count(done.err.begin(), done.err.end(), '\n') == 1);
    return done.err;
  };
  CHECK(error_of({"--promt", "x"}).find("unknown option --promt; did you mean --prompt?") !=
        std::string::npos);
  CHECK(error_of({}).find("a prompt is missing") != std::string::npos);
  CHECK(error_of({"--ids", "1", "--prompt", "x"}).find("exclude each other") != std::string::npos);
  CHECK(error_of({"--ids", "1,2048"}).find("2048 found") != std::string::npos);
  CHECK(error_of({"--ids", "1", "--chunk", "0"}).find("--chunk") != std::string::npos);
  CHECK(error_of({"--ids", "1", "--weights", "q9"}).find("--weights: ") != std::string::npos);
  CHECK(error_of({"--ids", "1", "--model", "/nonexistent"}).find("/nonexistent: no such folder") !=
        std::string::npos);
  CHECK(error_of({"--prompt-file", "/nonexistent"}).find("cannot read /nonexistent") != std::string::npos);
  CHECK(error_of({"--ids", "1", "--raw", "/nonexistent/x"}).find("cannot write /nonexistent/x") !=
        std::string::npos);
}

}  // namespace
}  // namespace kelvin
