#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "loaders/json/json_file.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"

namespace kelvin {
namespace {

using test::run;

test::Finished sweep(std::vector<std::string> words) {
  words.insert(words.begin(), "kelvin-sweep");
  return run(words);
}

double number(const JsonValue& value) {
  if (!value.is_string()) return value.as_double();
  return value.as_string() == "inf" ? HUGE_VAL : -HUGE_VAL;
}

TEST_CASE("every quantity is that of the raw logits") {
  const test::TemporaryFolder folder;
  const std::string text = "Once upon a time, a brave fox lived in the forest.";
  const auto raw = folder.path() / "raw";
  REQUIRE(run({"kelvin-logits", "--prompt", text, "--raw", raw, "--threads", "1"}).status == 0);
  const auto logits = test::read_array<float>(raw);
  constexpr std::size_t vocabulary = 2048;
  const auto points = test::json_lines(
      sweep({"--text", text, "--temps", "0.4,1,1.7,40,-2,-0.3", "--json", "--threads", "1"}));
  REQUIRE(points.size() == 6);
  const std::size_t steps = logits.size() / vocabulary - 1;
  std::vector<std::size_t> came;
  for (const JsonDocument& token :
       test::json_lines(run({"kelvin-logits", "--prompt", text, "--json", "--top", "0", "--bottom", "0"})))
    if (const auto id = token.root().find("id")) came.push_back(id->as_uint());
  REQUIRE(came.size() == steps + 1);
  for (const JsonDocument& point : points) {
    const double beta = number(point.root().at("beta"));
    CAPTURE(beta);
    CHECK(number(point.root().at("T")) == doctest::Approx(1 / beta));
    CHECK(point.root().at("steps").as_uint() == steps);
    double nll = 0, entropy = 0, energy = 0, capacity = 0, top = 0;
    for (std::size_t t = 0; t < steps; ++t) {
      const float* z = &logits[t * vocabulary];
      double max = -HUGE_VAL, sum = 0, mean = 0, square = 0;
      for (std::size_t i = 0; i < vocabulary; ++i) max = std::max(max, beta * z[i]);
      for (std::size_t i = 0; i < vocabulary; ++i) sum += std::exp(beta * z[i] - max);
      for (std::size_t i = 0; i < vocabulary; ++i) mean += z[i] * std::exp(beta * z[i] - max) / sum;
      for (std::size_t i = 0; i < vocabulary; ++i)
        square += (z[i] - mean) * (z[i] - mean) * std::exp(beta * z[i] - max) / sum;
      const double log_z = max + std::log(sum);
      nll += log_z - beta * z[came[t + 1]];
      entropy += log_z - beta * mean;
      energy -= mean;
      capacity += beta * beta * square;
      top += 1 / sum;
    }
    const double count = static_cast<double>(steps);
    const auto check = [&](const char* key, double expected) {
      CAPTURE(key);
      CHECK(number(point.root().at(key)) == doctest::Approx(expected).epsilon(1e-9));
    };
    check("nll", nll / count);
    check("perplexity", std::exp(nll / count));
    check("entropy", entropy / count);
    check("energy", energy / count);
    check("free_energy", energy / count - entropy / count / beta);
    check("heat_capacity", capacity / count);
    check("top_mass", top / count);
    CHECK(number(point.root().at("heat_capacity_check")) == doctest::Approx(capacity / count).epsilon(1e-4));
    CHECK(number(point.root().at("beta_check")) == doctest::Approx(beta).epsilon(1e-4));
  }

  // The same without a model, from the file.
  std::string list;
  for (const std::size_t id : came) list += (list.empty() ? "" : ",") + std::to_string(id);
  const auto from_file = sweep({"--logits", raw, "--vocab", "2048", "--shifted", "--ids", list, "--temps",
                                "0.4,1,1.7,40,-2,-0.3", "--json"});
  for (const std::vector<std::string>& input : std::vector<std::vector<std::string>>{
           {"--logits", raw, "--shifted", "--ids", list}, {"--prompt", text}, {"--text", text}}) {
    std::vector<std::string> words = input;
    words.insert(words.end(), {"--temps", "0.4,1,1.7,40,-2,-0.3", "--json"});
    CHECK(test::results(from_file) == test::results(sweep(words)));
  }
}

TEST_CASE("thermodynamics of high-precision arithmetic, from files of logits") {
  if (!test::shared_has("goldens/sampling/thermo")) return;
  const auto folder = test::shared_dir() / "goldens/sampling/thermo";
  for (const std::string name :
       {"gaussian-v1000", "masked-v1000", "ties-v32000", "wide-v1000", "offset-v8", "huge-v8"}) {
    CAPTURE(name);
    const JsonDocument golden = load_json(folder / (name + ".json"));
    const auto file = folder / golden.root().at("logits").at("file").as_string();
    const auto logits = test::read_array<float>(file);
    std::size_t id = 0;
    while (std::isinf(logits[id])) ++id;
    std::string list;
    std::map<double, JsonValue> expected;
    for (const JsonValue point : golden.root().at("betas").items()) {
      char text[40];
      std::snprintf(text, sizeof text, "%s%.17g", list.empty() ? "" : ",", number(point.at("beta")));
      list += text;
      expected.emplace(number(point.at("beta")), point);
    }
    const auto points = test::json_lines(sweep({"--logits", file, "--vocab", std::to_string(logits.size()),
                                                "--ids", std::to_string(id), "--betas=" + list, "--json"}));
    REQUIRE(points.size() == expected.size());
    for (const JsonDocument& point : points) {
      const double beta = number(point.root().at("beta"));
      CAPTURE(beta);
      const JsonValue at = expected.at(beta);
      const auto check = [&](const char* key, const char* of, double sign) {
        if (at.at(of).is_null()) return;
        CAPTURE(key);
        const double found = number(point.root().at(key)), wanted = sign * number(at.at(of));
        CHECK((found == wanted || std::fabs(found - wanted) <= 1e-9 * std::fabs(wanted) + 1e-12));
      };
      check("energy", "mean_logit", -1);
      check("entropy", "entropy", 1);
      check("heat_capacity", "heat_capacity", 1);
      check("free_energy", "free_energy", 1);
    }
  }
}

TEST_CASE("files: CSV with every temperature, a picture, a page") {
  const test::TemporaryFolder folder;
  const auto csv = folder.path() / "a.csv", svg = folder.path() / "a.svg", html = folder.path() / "a.html";
  const auto finished =
      sweep({"--text", "A fox. A bear.", "--draws", "20", "--csv", csv, "--svg", svg, "--html", html});
  REQUIRE(finished.status == 0);
  std::istringstream table(test::read_text(csv));
  std::string line;
  std::map<std::string, std::string> made;
  while (std::getline(table, line) && line.starts_with("# "))
    made.emplace(line.substr(2, line.find(": ") - 2), line.substr(line.find(": ") + 2));
  CHECK(made["command"] == "kelvin-sweep --text 'A fox. A bear.' --draws 20 --csv " + csv.string() +
                               " --svg " + svg.string() + " --html " + html.string());
  CHECK(made["model"] == "ember");
  CHECK(made["weights"] == "bf16");
  CHECK(made["kv"] == "f32");
  CHECK(made["seed"] == "0");
  CHECK(line.starts_with("T,beta,nll,perplexity,entropy,"));
  const auto columns = std::count(line.begin(), line.end(), ',');
  int rows = 0;
  for (; std::getline(table, line); ++rows) CHECK(std::count(line.begin(), line.end(), ',') == columns);
  CHECK(rows > 100);
  CHECK(test::read_text(svg).starts_with("<svg"));
  const std::string page = test::read_text(html);
  CHECK(page.size() < 2'000'000);
  CHECK(page.find("src=") == page.npos);
  for (const std::string& where : {page, test::read_text(svg), finished.out}) {
    CHECK(test::holds(where, made["model_hash"].substr(0, 16)));
    CHECK(test::holds(where, made["command"]));
  }
  CHECK(finished.out.find("distinct") != std::string::npos);
}

TEST_CASE("a prompt: only the token after it") {
  const auto points =
      test::json_lines(sweep({"--next", "Once upon a", "--temps", "0,1,inf,-0", "--draws", "30", "--json"}));
  REQUIRE(points.size() == 4);
  for (const JsonDocument& point : points) {
    CHECK(point.root().at("steps").as_int() == 1);
    CHECK(point.root().at("nll").is_null());
  }
  CHECK(points[0].root().at("distinct").as_int() == 1);
  CHECK(points[2].root().at("distinct").as_int() >= 28);
  CHECK(points[2].root().at("entropy").as_double() == doctest::Approx(std::log(2048.0)));
  CHECK(points[2].root().at("free_energy").is_null());
  CHECK(points[3].root().at("entropy").as_double() == 0);
}

TEST_CASE("what cannot be is said") {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{},
                                             {"--text", ""},
                                             {"--text", "a b", "--next", "c"},
                                             {"--text", "a b", "--temps", "1:2"},
                                             {"--text", "a b", "--temps", "-1:1:4"},
                                             {"--text", "a b", "--svg", "/nowhere/a.svg"},
                                             {"--logits", "absent", "--vocab", "3", "--ids", "1"},
                                             {"--text", "a b", "--draws", "2", "--shard", "1/2"},
                                             {"--ids", "1,2", "--split", "x"},
                                             {"--next", "a b", "--overlap", "3"}}) {
    const auto finished = sweep(wrong);
    CHECK(finished.status == 2);
    CHECK(finished.out == "");
  }
  const auto full = sweep({"--text", "a b", "--csv", "/dev/full"});
  CHECK(full.status == 1);
  CHECK(full.err == "kelvin-sweep: cannot write /dev/full: No space left on device\n");
}

}  // namespace
}  // namespace kelvin
