// The repeat test: can the model copy a token that it is shown? A few lines each show a word twice; the last one shows the
// token once, and what is measured is the probability that it comes again. That needs no chat, and tokens are placed as
// ids, so that special tokens and fragments of characters are tested as well. Random tokens are the controls.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/lab/glitch/glitch_score.h"

namespace kelvin {

struct CopyAnswer {
  double probability =
      0;                 // of the token at T = 1; the largest of three prompts, as in magikarp's verification
  std::size_t rank = 0;  // 1: the likeliest; in that prompt
  int said = -1;         // the likeliest token there
  bool control = false;
  bool copied() const { return rank == 1; }
};

// What is asked and with what, from the weights and the seed alone, so that shards agree.
struct CopyPlan {
  std::vector<int> suspects;  // the first of the scan, with a text of their own or not
  std::vector<int> controls;  // as many random ones that text reaches, of the less suspicious half
  std::vector<int> examples;  // of the same half; words with a blank in front, where there are enough
};
CopyPlan copy_plan(const Tokenizer& tokenizer, const GlitchScan& scan, std::span<const int> hidden,
                   std::size_t count, std::uint64_t seed);

class CopyTest {
 public:
  static constexpr std::size_t prompts = 3, examples_each = 6;
  // examples: prompts x examples_each ids.
  CopyTest(OpenModel& model, std::span<const int> examples);
  CopyAnswer ask(int id);

 private:
  OpenModel& model_;
  std::vector<int> between_;
  std::vector<std::vector<int>> shown_;  // (prompts,) the lines before the token
  std::vector<Sequence> sequences_;      // (prompts,)
};

// The chance that, of so many tested tokens and controls, no more suspects are copied than were, if both are copied alike
// (Fisher's exact test, one-sided).
double copied_less_p(std::size_t suspects, std::size_t copied, std::size_t controls,
                     std::size_t controls_copied);

}  // namespace kelvin
