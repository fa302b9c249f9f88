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

TEST_CASE("constraints of the makers become stages") {
  GenerationConfig config;
  config.suppress_tokens = {5, 9};
  config.begin_suppress_tokens = {220};
  config.sequence_bias = {{{7, 8}, -2.5}};
  config.min_new_tokens = 4;
  config.no_repeat_ngram_size = 3;
  config.encoder_repetition_penalty = 1.5;
  config.encoder_no_repeat_ngram_size = 4;
  config.exponential_decay_length_penalty = {10, 1.25};
  config.typical_p = 0.9;
  config.do_sample = false;
  SamplerSettings settings;
  apply_generation_config(settings, config);
  CHECK(settings.chain().text() ==
        "ban=\"id:5,9\",ban=\"id:220\":first=1,sequence-bias=-2.5:ids=\"7 "
        "8\",min-new=4,end-decay=10:factor=1.25,"
        "encoder-penalty=1.5,no-repeat=3,encoder-no-repeat=4,temp=0");
  config.max_length = 100;
  CHECK(max_tokens(std::nullopt, config, 256, 30).count == 70);
  CHECK(max_tokens(std::nullopt, config, 256, 300).count == 1);
  CHECK(max_tokens(std::nullopt, config, 256).count == 256);
  config.ignored = {{"num_beams", "there is no beam search"}};
  CHECK(ignored_note(config) ==
        "note: generation_config.json: ignored: num_beams (there is no beam search)\n");
}

TEST_CASE("a ban of the first tokens ends with them") {
  SamplerSettings settings;
  settings.set("ban", "'id:1':first=1", Source::flag, "--ban");
  settings.set("temp", "0", Source::flag, "--temp");
  const Chain chain = settings.chain();
  const std::vector<int> prompt = {3}, later = {3, 0};
  for (const auto& [tokens, expected] : {std::pair(prompt, 2), std::pair(later, 1)}) {
    std::vector<float> logits = {0, 3, 2, 1};
    ChainState state;
    CHECK(chain.sample(logits, Step{tokens, 1, 7, 0}, state) == expected);
  }
}

}  // namespace kelvin
