#include "tokenizer/pipeline/script_runs.h"

#include <doctest/doctest.h>

#include <string>

namespace kelvin::tokenizer {
namespace {

std::string runs(std::string_view text) {
  std::vector<RegexMatch> found;
  script_runs(text, found);
  std::string shown;
  for (const RegexMatch run : found)
    shown += (shown.empty() ? "" : "|") + std::string(text.substr(run.begin, run.end - run.begin));
  return shown;
}

}  // namespace

TEST_CASE("text is cut where the script changes") {
  CHECK(runs("ab\u0434\u0436 c") == "ab|\u0434\u0436 |c");
  CHECK(runs("\u6F22\u3042\u30A2\u30FC") == "\u6F22\u3042\u30A2\u30FC");
  CHECK(runs("a, b") == "a|, |b");
  CHECK(runs("a b") == "a b");
  CHECK(runs("  a") == "a");  // what comes before every script is lost, as in the reference
  CHECK(runs("  ").empty());
  CHECK(runs("").empty());
}

}  // namespace kelvin::tokenizer
