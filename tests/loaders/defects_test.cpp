#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>

#include "engine/forward/model.h"
#include "loaders/model/model_folder.h"
#include "tests/loaders/defect_case.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::vector<float> last_logits(LoadedModel loaded, const std::vector<int>& ids) {
  Model model(std::move(loaded.config), std::move(loaded.weights), {.threads = 1});
  Sequence sequence(model, static_cast<int>(ids.size()));
  std::vector<float> result;
  const Feed feed{&sequence, ids};
  model.forward({&feed, 1}, [&](int, int, std::span<const float> logits) {
    result.assign(logits.begin(), logits.end());
  });
  return result;
}

// Loads the case and, where that must work, compares the logits with the reference's.
bool check_model_defect(const DefectCase& one, const std::vector<int>& ids) {
  return check_defect(one, [&](const std::filesystem::path& path) {
    LoadedModel loaded = load_model(path);
    if (one.golden.empty() && one.must != "run") return;
    const std::vector<float> logits = last_logits(std::move(loaded), ids);
    if (one.must == "run") {
      bool finite = true;
      for (const float z : logits) finite &= std::isfinite(z);
      CHECK_FALSE(finite);  // whoever draws from them has to stop
      return;
    }
    const auto expected = read_array<float>(one.golden);
    REQUIRE(logits.size() == expected.size());
    double worst = 0;
    for (std::size_t i = 0; i < logits.size(); ++i)
      worst = std::max(worst, std::fabs(double{logits[i]} - expected[i]));
    CHECK_MESSAGE(worst < 1e-5, one.variant << ": largest difference " << worst);
  });
}

}  // namespace

TEST_CASE("broken folders are refused with file and key named; odd but valid ones give the right logits") {
  const std::vector<int> ids = defect_ids();
  int loaded = 0, refused = 0;
  for (const DefectCase& one : defect_cases({"st-", "ix-", "tc-", "cf-", "fs-"})) {
    // The tokenizer's files are none of this loader's business.
    if (one.variant.find("tokenizer") != std::string::npos) continue;
    (check_model_defect(one, ids) ? loaded : refused)++;
  }
  CHECK(loaded >= 20);
  CHECK(refused >= 70);
}

TEST_CASE("no broken folder takes more memory than 512 MB") {
  for (const DefectCase& one : defect_cases({"st-header", "cf-absurd", "fs-sparse"}))
    check_defect(one, [](const auto& path) { load_model(path); });
  rusage usage;
  REQUIRE(getrusage(RUSAGE_SELF, &usage) == 0);
  CHECK(usage.ru_maxrss < 512 * 1024);  // KiB
}
