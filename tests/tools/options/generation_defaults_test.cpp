#include "tools/options/generation_defaults.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("what the makers recommend, unless a flag says otherwise") {
  GenerationConfig config;
  config.temperature = 0.6;
  config.top_p = 0.9;
  config.max_new_tokens = 300;
  SamplerSettings settings;
  apply_generation_config(settings, config);
  CHECK(settings.chain().text() == "top-p=0.9,temp=0.6");
  settings.set("temp", "1.5", Source::flag, "--temp");
  CHECK(settings.chain().text() == "top-p=0.9,temp=1.5");
  CHECK(max_tokens(std::nullopt, config, 256).count == 300);
  CHECK(max_tokens(7, config, 256).count == 7);
  CHECK(max_tokens(std::nullopt, {}, 256).origin == "default");

  config.do_sample = false;
  SamplerSettings greedy;
  apply_generation_config(greedy, config);
  CHECK(greedy.chain().text() == "top-p=0.9,temp=0");
}

}  // namespace kelvin
