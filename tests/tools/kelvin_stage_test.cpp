// kelvin-stage as its user runs it.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"
#include "tools/output/raw_logits.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

struct LogitsFile {
  explicit LogitsFile(const std::vector<float>& logits) : path((folder.path() / "logits.bin").string()) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(logits.data()),
               static_cast<std::streamsize>(logits.size() * sizeof(float)));
  }
  TemporaryFolder folder;
  std::string path;
};

}  // namespace

TEST_CASE("the trace, the draw and the processed logits") {
  const LogitsFile file({3, 1, 2, 0});
  const std::string raw = (file.folder.path() / "out.bin").string();
  const Finished done = run({"kelvin-stage", "--logits", file.path, "--sample", "top-k=2,temp=0.5", "--seed",
                             "7", "--json", "--raw", raw});
  CHECK(done.status == 0);
  const JsonDocument json = parse_json(done.out);
  const JsonValue stages = json.root().at("stages");
  REQUIRE(stages.size() == 2);
  CHECK(stages.at(0).at("stage").as_string() == "top-k=2");
  CHECK(stages.at(0).at("removed").as_int() == 2);
  CHECK(stages.at(0).at("removed_top").as_int() == 1);
  CHECK(stages.at(1).at("after").at("possible").as_int() == 2);
  CHECK(json.root().at("seed").as_int() == 7);
  const float off = -std::numeric_limits<float>::infinity();
  CHECK(read_array<float>(raw) == std::vector<float>{0, off, -2, off});
  CHECK(results(run({"kelvin-stage", "--logits", file.path, "--sample", "top-k=2,temp=0.5", "--seed", "7",
                     "--json"})) == results(done));
}

TEST_CASE("rows are steps: what was drawn joins the history") {
  const LogitsFile file({9, 0, 0, 9, 0, 0});
  const Finished done = run({"kelvin-stage", "--logits", file.path, "--vocab", "3", "--history", "1",
                             "--sample", "no-repeat=1,temp=0"});
  CHECK(done.status == 0);
  CHECK(holds(done.out, "row 0, position 1"));
  CHECK(holds(done.out, "drawn: 0"));
  CHECK(holds(done.out, "row 1, position 2"));
  CHECK(holds(done.out, "drawn: 2"));
}

TEST_CASE("thermodynamics, with null for what does not exist") {
  const LogitsFile file({1, std::numeric_limits<float>::infinity(), 3});
  const Finished done = run({"kelvin-stage", "--logits", file.path, "--thermo", "0,1,-inf"});
  CHECK(done.status == 0);
  const std::string first = done.out.substr(0, done.out.find('\n'));
  const JsonDocument json = parse_json(first);
  CHECK(json.root().at("free_energy").is_null());
  CHECK(json.root().at("mean_logit").as_string() == "inf");
  CHECK(json.root().at("entropy").as_double() == doctest::Approx(1.0986122886681098).epsilon(1e-15));
}

TEST_CASE("bad input is one line and status 2") {
  const LogitsFile file({1, 2, 3});
  const std::vector<std::vector<std::string>> wrong = {{"--logits", "/does/not/exist"},
                                                       {},
                                                       {"--logits", file.path, "--vocab", "2"},
                                                       {"--logits", file.path, "--sample", "tpo-k=1"},
                                                       {"--logits", file.path, "--temp", "nan"},
                                                       {"--logits", file.path, "--thermo", "1,x"},
                                                       {"--logits", file.path, "--history", "0,3"}};
  for (std::vector<std::string> argv : wrong) {
    argv.insert(argv.begin(), "kelvin-stage");
    CAPTURE(argv.back());
    const Finished done = run(argv);
    CHECK(done.status == 2);
    CHECK(done.out.empty());
    CHECK(std::count(done.err.begin(), done.err.end(), '\n') == 1);
  }
  const LogitsFile nan_file({1, std::numeric_limits<float>::quiet_NaN()});
  const Finished done = run({"kelvin-stage", "--logits", nan_file.path});
  CHECK(done.status == 1);
  CHECK(holds(done.err, "position 0"));
  CHECK(run({"kelvin-stage", "--logits", nan_file.path, "--nonfinite", "mask"}).status == 0);
}

TEST_CASE("the shape of several rows comes from --vocab or from a .npy file; a guess is an error") {
  std::vector<float> values(4096);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 97);
  const LogitsFile raw(values);
  const std::vector<std::string> more = {"--seed", "1", "--json"};
  const auto stage = [&](std::vector<std::string> argv) {
    argv.insert(argv.begin(), "kelvin-stage");
    argv.insert(argv.end(), more.begin(), more.end());
    return run(argv);
  };
  const Finished unsaid = stage({"--logits", raw.path});
  CHECK(unsaid.status == 2);
  CHECK(holds(unsaid.err, "one row of 4096 float32, or 2 rows of 2048? --vocab N"));
  const Finished said = stage({"--logits", raw.path, "--vocab", "2048"});
  CHECK(said.status == 0);
  CHECK(std::count(said.out.begin(), said.out.end(), '\n') == 2);
  CHECK(stage({"--logits", raw.path, "--vocab", "4096"}).status == 0);
  const std::string npy = (raw.folder.path() / "logits.npy").string();
  std::ofstream(npy, std::ios::binary)
      << npy_header(std::vector<std::size_t>{2, 2048}) << raw_float32(values);
  CHECK(results(stage({"--logits", npy})) == results(said));
  CHECK(stage({"--logits", npy, "--vocab", "4096"}).status == 2);
}

TEST_CASE("the table of samplers") { CHECK(holds(run({"kelvin-stage", "--list"}).out, "| `min-p` |")); }
