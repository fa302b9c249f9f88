#include <doctest/doctest.h>
#include <sys/resource.h>

#include "loaders/model_folder.h"
#include "tests/loaders/defect_case.h"

using namespace kelvin;
using namespace kelvin::test;

TEST_CASE("broken folders are refused with file and key named, odd but valid ones load") {
  int loaded = 0, refused = 0;
  for (const DefectCase& one : defect_cases({"st-", "ix-", "tc-", "cf-", "fs-"})) {
    // The tokenizer's files are none of this loader's business.
    if (one.variant.find("tokenizer") != std::string::npos) continue;
    (check_defect(one, [](const auto& path) { load_model(path); }) ? loaded : refused)++;
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
