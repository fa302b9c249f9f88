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
}

TEST_CASE("the names of the tools that judge texts do as well") {
  PromptOptions options;
  Flags flags("kelvin-test", "");
  options.add_to(flags);
  const char* const words[] = {"kelvin-test", "--text", "a fox", "--file=story.txt"};
  REQUIRE(flags.parse(4, words));
  CHECK(options.text == "a fox");
  CHECK(options.file == "story.txt");
}

}  // namespace kelvin
