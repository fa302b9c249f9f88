// The table of families in loaders/README.md, line by line as measured here: what loads, how far it is from
// transformers, whether bits are the same, and what 8 and 4 bits change.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <span>

#include "engine/forward/model.h"
#include "engine/kernels/kernels.h"
#include "loaders/json/json_file.h"
#include "loaders/model/hf_family.h"
#include "loaders/model/model_folder.h"
#include "sampling/statistics/boltzmann.h"
#include "tests/golden_models.h"
#include "tools/output/sha256.h"

using namespace kelvin;
using namespace kelvin::kernels;

namespace {

struct Measured {
  int models = 0;
  double error = 0;  // largest of any logit
  bool same_bits = true;
  double kl_q8 = 0, kl_q4 = 0;  // mean over positions, largest of the models
};

using Logits = std::vector<std::vector<float>>;  // (positions, vocabulary)

struct Way {
  Storage storage = Storage::f32;
  const Kernels& table = best_kernels();
  int threads = 2;
  int chunk = 0;
};

Logits logits_of(const test::GoldenModel& golden, const std::vector<int>& ids, Want want,
                 const Way& way = {}) {
  LoadOptions load;
  load.storage = way.storage;
  LoadedModel loaded = load_model(golden.folder(), load);
  Model model(loaded.config, std::move(loaded.weights), {way.threads, &way.table});
  Sequence sequence(model, static_cast<int>(ids.size()));
  Logits rows;
  const Feed feed{&sequence, ids, want};
  ForwardOptions options;
  options.chunk = way.chunk;
  model.forward(
      {&feed, 1}, [&](int, int, std::span<const float> z) { rows.emplace_back(z.begin(), z.end()); },
      options);
  return rows;
}

// Nats; mean over the positions.
double kl(const Logits& p, const Logits& q) {
  double sum = 0;
  for (std::size_t t = 0; t < p.size(); ++t) {
    const double log_p = thermo<float>(p[t], 1.0).log_z, log_q = thermo<float>(q[t], 1.0).log_z;
    for (std::size_t i = 0; i < p[t].size(); ++i)
      sum += std::exp(p[t][i] - log_p) * ((p[t][i] - log_p) - (q[t][i] - log_q));
  }
  return sum / static_cast<double>(p.size());
}

void measure(const test::GoldenModel& golden, Measured& into) {
  const JsonDocument manifest = load_json(golden.results() / "manifest.json");
  ++into.models;
  for (const JsonMember& sequence : manifest.root().at("sequences").members()) {
    const std::string which(sequence.key);
    std::vector<int> ids;
    for (const JsonValue id : sequence.value.at("ids").items()) ids.push_back(static_cast<int>(id.as_int()));
    const std::vector<float> last = logits_of(golden, ids, Want::last).back();
    const auto expected = test::read_array<float>(golden.results() / (which + ".last_logits.bin"));
    REQUIRE(last.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      into.error = std::max(into.error, std::fabs(static_cast<double>(last[i]) - expected[i]));
    if (which != "mid") continue;
    const Logits exact = logits_of(golden, ids, Want::all);
    into.same_bits &= exact == logits_of(golden, ids, Want::all, {Storage::f32, scalar_kernels, 1, 7});
    into.kl_q8 = std::max(into.kl_q8, kl(exact, logits_of(golden, ids, Want::all, {.storage = Storage::q8})));
    into.kl_q4 = std::max(into.kl_q4, kl(exact, logits_of(golden, ids, Want::all, {.storage = Storage::q4})));
  }
}

std::string row_of(std::string_view architecture, const Measured* found) {
  std::string row = "| " + std::string(architecture) + " | yes | ";
  if (!found) return row + "no reference | | | |";
  char cells[100];
  std::snprintf(cells, sizeof cells, "%.0e (%d) | %s | %.0e | %.0e |", found->error, found->models,
                found->same_bits ? "yes" : "NO", found->kl_q8, found->kl_q4);
  return row + cells;
}

}  // namespace

TEST_CASE("the table of families in loaders/README.md is what is measured") {
  if (test::left_out_today(0, 3)) return;
  if (!test::shared_has("goldens/models")) return;
  const std::string readme = test::read_text(test::source_dir() / "loaders" / "README.md");
  std::map<std::string, Measured> measured;  // by architecture
  for (const std::string& name : test::golden_model_names()) {
    if (name.ends_with("-newcfg")) continue;
    const test::GoldenModel golden(name);
    measure(golden, measured[load_settings(golden.folder()).config.architecture]);
  }
  std::string table;
  bool stands = true;
  for (const Family& family : families()) {
    const auto found = measured.find(std::string(family.architecture));
    const std::string row = row_of(family.architecture, found == measured.end() ? nullptr : &found->second);
    stands &= readme.find(row + "\n") != std::string::npos;
    table += row + "\n";
  }
  INFO("as measured:\n", table);
  CHECK(stands);
}
