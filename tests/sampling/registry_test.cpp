#include "sampling/registry.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "sampling/closest.h"
#include "sampling/settings.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::sampling;

namespace {

// Compiles a program of tests/sampling/examples as a stranger would, with the library's own sources or alone,
// and runs it.
std::string output_of_example(const std::string& name, bool with_library) {
  test::TemporaryFolder folder;
  const std::string program = (folder.path() / name).string();
  std::string command = test::compiler() + " -std=c++20 -O1 " + test::compiler_flags() + " -I" +
                        test::source_dir().string() + " " +
                        (test::source_dir() / "tests/sampling/examples" / (name + ".cpp")).string();
  if (with_library)
    for (const char* library : {"sampling", "tokenizer"})
      command += " " + (test::bin_dir() / ("../libkelvin_" + std::string(library) + ".a")).string();
  const test::Finished built = test::run({"/bin/sh", "-c", command + " -o " + program});
  CAPTURE(built.err);
  REQUIRE(built.status == 0);
  return test::run({program}).out;
}

}  // namespace

TEST_CASE("rows are complete, names are unique") {
  std::set<std::string> names;
  for (const StageType& type : stage_types()) {
    CAPTURE(type.name);
    CHECK(type.apply);
    CHECK(!type.help.empty());
    CHECK(names.insert(type.name).second);
    for (const std::string& alias : type.aliases) {
      CHECK(names.insert(alias).second);
      CHECK(find_stage(alias)->name == type.name);
    }
    std::set<std::string> parameters;
    for (const Parameter& p : type.parameters) {
      CAPTURE(p.name);
      CHECK(parameters.insert(p.name).second);
      CHECK(!p.help.empty());
      if (!p.is_text) {
        CHECK(p.default_value >= p.min);
        CHECK(p.default_value <= p.max);
      }
    }
  }
  for (const char* name :
       {"temp",        "beta",  "temp-dynamic", "temp-top", "temp-schedule", "temp-entropy", "top-k",
        "top-p",       "min-p", "typical",      "epsilon",  "eta",           "top-a",        "tail-free",
        "top-n-sigma", "top-h", "p-less",       "min-k",    "xtc",           "inverted",     "smoothing",
        "skew",        "bias",  "allow",        "ban",      "string-ban",    "penalty",      "presence",
        "frequency",   "dry",   "no-repeat",    "mirostat", "mirostat-2",    "adaptive-p"}) {
    CAPTURE(name);
    CHECK(find_stage(name) != nullptr);
  }
  CHECK(find_stage("topk") == nullptr);
}

TEST_CASE("every stage without need of a text runs with its defaults, at both signs of temperature") {
  for (const StageType& type : stage_types()) {
    const bool needs_text = std::any_of(type.parameters.begin(), type.parameters.end(), [](const auto& p) {
      return p.is_text && p.choices.empty() && p.default_text.empty();
    });
    if (needs_text) continue;  // allow, ban, bias, string-ban, temp-schedule
    for (const char* temperature : {"temp=1.3,", "temp=-0.7,", "temp=-0,", "temp=inf,"}) {
      CAPTURE(type.name);
      std::vector<float> logits = {1, 3, 2, impossible, 5, -1, 4, 0.5f};
      const std::vector<int> history = {1, 2, 1, 2, 1};
      ChainState state;
      Step step;
      step.tokens = history;
      const Chain chain = Chain::parse(temperature + type.name);
      const int token = chain.sample(logits, step, state);
      CHECK(token >= 0);
      CHECK(token != 3);
      CHECK(logits[3] == impossible);
      CHECK(chain.accept(token, step, state) == 0);
    }
  }
}

TEST_CASE("the documentation comes from the rows") {
  const std::string table = stage_markdown();
  for (const StageType& type : stage_types()) CHECK(test::holds(table, "| `" + type.name + "` |"));
  CHECK(test::holds(table, "after it: mirrored | Nguyen et al. 2024, arXiv 2407.01082"));
  CHECK(test::holds(table, "`k` 0..inf, 40"));
  CHECK(test::holds(table, "include\\|hf\\|exclude"));
}

TEST_CASE("mistyped words find the closest name") {
  const std::vector<std::string> known = {"top-k", "top-p", "temp", "typical"};
  CHECK(closest("tmep", known) == "temp");
  CHECK(closest("topk", known) == "top-k");
  CHECK(closest("typicl", known) == "typical");
  CHECK(closest("banana", known).empty());
  CHECK(closest("", known).empty());
  CHECK(closest(std::string(100000, 't'), known).empty());
}

TEST_CASE("a stage registered at run time is a stage like any other") {
  register_stage({.name = "test-halve",
                  .kind = Kind::truncation,
                  .apply =
                      [](std::span<float> logits, const Params& params, const Step&) {
                        for (float& z : logits) z = z < static_cast<float>(params["cut"]) ? impossible : z;
                      },
                  .parameters = {{.name = "cut", .default_value = 2, .min = 0, .help = "least logit"}},
                  .help = "drop logits below a cut"});
  std::vector<float> logits = {1, 2, 3};
  ChainState state;
  Chain::parse("test-halve").apply(logits, Step{}, state);
  CHECK(logits == std::vector<float>{impossible, 2, 3});
  logits = {1, 2, 3};
  Chain::parse("test-halve=9").apply(logits, Step{}, state);  // removes all: the best is put back
  CHECK(logits == std::vector<float>{impossible, impossible, 3});
  CHECK_THROWS_AS(Chain::parse("test-halve=-1"), UserError);
  SamplerSettings settings;
  settings.set("test-halve", "1.5", Source::flag, "--test-halve");
  CHECK(settings.chain().text() == "test-halve=1.5,temp=0.8");
  CHECK(test::holds(stage_markdown(), "test-halve"));
  CHECK_THROWS_AS(
      register_stage(
          {.name = "Bad Name", .kind = Kind::shaping, .apply = [](auto, const auto&, const auto&) {}}),
      std::invalid_argument);
  CHECK_THROWS_AS(register_stage({.name = "empty", .kind = Kind::shaping, .apply = {}}),
                  std::invalid_argument);
}

TEST_CASE("a program outside the tree registers its own stage") {
  CHECK(output_of_example("own_stage", true) == "every-nth=3,temp=0 -> 3\n");
}

TEST_CASE("boltzmann.h needs nothing else") {
  CHECK(output_of_example("boltzmann_alone", false) ==
        "0.876 0.118 0.006 S=0.399\n0.333 0.333 0.333 S=1.099\n0.000 0.000 1.000 S=0.000\n");
}
