#include "tools/options/prompt_options.h"

#include <doctest/doctest.h>

#include "tests/tools/demo.h"

namespace kelvin {

TEST_CASE("exactly one of them, ids within the vocabulary") {
  const OpenModel& model = test::demo();
  PromptOptions options;
  CHECK_THROWS_AS(options.resolve(model), UsageError);
  options.ids = {5, 2047};
  CHECK(options.resolve(model) == std::vector<int>{5, 2047});
  options.text = "x";
  CHECK_THROWS_AS(options.resolve(model), UsageError);
  options.text.reset();
  options.ids = {2048};
  CHECK_THROWS_WITH_AS(options.resolve(model), "--ids: ids from 0 to 2047 expected, 2048 found", UsageError);
  CHECK_THROWS_WITH_AS(read_file("/nonexistent"), "cannot read /nonexistent: No such file or directory",
                       UsageError);
  CHECK_THROWS_AS(read_file("/tmp"), UsageError);
}

}  // namespace kelvin
