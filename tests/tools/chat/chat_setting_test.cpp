#include "tools/chat/chat_setting.h"
#include "tokenizer/base/user_error.h"

#include <doctest/doctest.h>

namespace kelvin {
namespace {

std::string chain_of(const SamplerSettings& settings) { return settings.chain().text(); }

TEST_CASE("settings replace one another, and a temperature any temperature") {
  SamplerSettings settings;
  change_sampling(settings, "top-k", "40", {});
  change_sampling(settings, "temp", "-0.001", {});
  CHECK(chain_of(settings) == "top-k=40,temp=-0.001");
  change_sampling(settings, "beta", "2", {});
  CHECK(chain_of(settings) == "top-k=40,beta=2");
  change_sampling(settings, "temp", "0.5", {});
  change_sampling(settings, "top-k", "off", {});
  CHECK(chain_of(settings) == "temp=0.5");
}

TEST_CASE("within a whole chain the stage of that name changes in its place") {
  SamplerSettings settings;
  settings.set("sample", "temp=0.8,top-k=40", Source::flag, "--sample");
  change_sampling(settings, "temp", "-1", {});
  CHECK(chain_of(settings) == "temp=-1,top-k=40");
  change_sampling(settings, "min-p", "0.1", {});
  CHECK(chain_of(settings) == "temp=-1,top-k=40,min-p=0.1");
  change_sampling(settings, "top-k", "off", {});
  change_sampling(settings, "beta", "3", {});
  CHECK(chain_of(settings) == "beta=3,min-p=0.1");
}

TEST_CASE("a whole chain may stand in quotes, as on a command line") {
  SamplerSettings settings;
  change_sampling(settings, "sample", "\"top-k=3,temp=2\"", {});
  CHECK(chain_of(settings) == "top-k=3,temp=2");
  change_sampling(settings, "sample", "temp=2,top-k=3", {});
  CHECK(chain_of(settings) == "temp=2,top-k=3");
}

TEST_CASE("a bad name or value changes nothing") {
  SamplerSettings settings;
  settings.set("top-k", "7", Source::flag, "--top-k");
  const std::string before = chain_of(settings);
  CHECK_THROWS_WITH_AS(change_sampling(settings, "topk", "3", {}),
                       "unknown setting \"topk\"; did you mean top-k?", UserError);
  CHECK_THROWS_AS(change_sampling(settings, "temp", "nan", {}), UserError);
  CHECK_THROWS_AS(change_sampling(settings, "sample", "temp=1,,", {}), UserError);
  CHECK(chain_of(settings) == before);
}

}  // namespace
}  // namespace kelvin
