#include "tools/inspect/logits_report.h"

#include <doctest/doctest.h>

#include <limits>
#include <sstream>

#include "tests/tools/demo.h"

namespace kelvin {

TEST_CASE("a token's chance comes from the position before it") {
  std::ostringstream out;
  LogitsReport report(out, test::demo().tokenizer(), {false, 2, 1});
  std::vector<float> logits(4, 0.0f);
  logits[3] = 2.0f;
  report.add(0, 2, logits, 3);
  report.add(1, 3, logits, std::nullopt);
  const std::string text = out.str();
  CHECK(text.find("p 0.7112  rank 1") > text.find('\n'));
  logits[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(report.add(2, 1, logits, std::nullopt), "position 2: a logit is NaN");
}

}  // namespace kelvin
