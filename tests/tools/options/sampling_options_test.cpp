#include "tools/options/sampling_options.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("one flag for each stage of the registry") {
  SamplingOptions options;
  Flags flags("tool", "does something");
  options.add_to(flags);
  const std::string help = flags.help();
  for (const StageType& type : stage_types()) CHECK(help.find("  --" + type.name + " ") != help.npos);
  const char* argv[] = {"tool", "--temp", "-0.5", "--top-k=3", "--seed", "12"};
  REQUIRE(flags.parse(6, argv));
  CHECK(options.settings.chain().text() == "top-k=3,temp=-0.5");
  CHECK(options.seed == 12);
  const char* wrong[] = {"tool", "--top-p", "2"};
  CHECK_THROWS_AS(flags.parse(3, wrong), UsageError);
}

}  // namespace kelvin
