#include "tools/lab/glitch/copy_test.h"

#include <algorithm>
#include <cmath>

#include "loaders/tokenizer/prompt.h"
#include "sampling/noise.h"
#include "sampling/statistics/boltzmann.h"
#include "tools/generation/generate.h"

namespace kelvin {
namespace {

bool is_word(const std::string& bytes) {
  return bytes.size() > 3 && bytes[0] == ' ' && std::all_of(bytes.begin() + 1, bytes.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

// `count` of them in random order.
std::vector<int> drawn(std::vector<int> ids, std::size_t count, const Noise& noise) {
  std::sort(ids.begin(), ids.end(), [&](int a, int b) {
    return noise.bits(a) != noise.bits(b) ? noise.bits(a) < noise.bits(b) : a < b;
  });
  ids.resize(std::min(count, ids.size()));
  return ids;
}

double log_choose(std::size_t n, std::size_t k) {
  const auto factorial = [](std::size_t m) { return std::lgamma(static_cast<double>(m) + 1); };
  return factorial(n) - factorial(k) - factorial(n - k);
}

}  // namespace

CopyPlan copy_plan(const Tokenizer& tokenizer, const GlitchScan& scan, std::span<const int> hidden,
                   std::size_t count, std::uint64_t seed) {
  constexpr std::uint64_t for_controls = 1, for_examples = 2;
  const std::size_t wanted = CopyTest::prompts * CopyTest::examples_each;
  CopyPlan plan;
  std::vector<int> pool, words;
  for (std::size_t i = 0; i < scan.tokens.size(); ++i) {
    const TokenIndicators& token = scan.tokens[i];
    const bool is_hidden = std::binary_search(hidden.begin(), hidden.end(), token.id);
    if (plan.suspects.size() < count && !is_hidden && !tokenizer.bytes(token.id).empty())
      plan.suspects.push_back(token.id);
    if (2 * i < scan.tokens.size() || token.reach != Reach::reached) continue;
    pool.push_back(token.id);
    if (is_word(tokenizer.bytes(token.id))) words.push_back(token.id);
  }
  plan.examples = drawn(words.size() >= 4 * wanted ? words : pool, wanted, Noise(seed, 0, for_examples));
  std::erase_if(pool, [&](int id) {
    return std::find(plan.examples.begin(), plan.examples.end(), id) != plan.examples.end() ||
           std::find(plan.suspects.begin(), plan.suspects.end(), id) != plan.suspects.end();
  });
  plan.controls = drawn(std::move(pool), count, Noise(seed, 0, for_controls));
  return plan;
}

CopyTest::CopyTest(OpenModel& model, std::span<const int> examples)
    : model_(model), between_(model.tokenizer().encode(" =", false)) {
  if (examples.size() < prompts * examples_each)
    throw UserError("--repeat: the vocabulary has too few tokens to take examples from");
  const std::vector<int> line_end = model.tokenizer().encode("\n", false);
  for (std::size_t p = 0; p < prompts; ++p) {
    std::vector<int> lines = encode_prompt(model.text, "");
    for (const int example : examples.subspan(p * examples_each, examples_each)) {
      lines.push_back(example);
      lines.insert(lines.end(), between_.begin(), between_.end());
      lines.push_back(example);
      lines.insert(lines.end(), line_end.begin(), line_end.end());
    }
    sequences_.emplace_back(*model.model, static_cast<int>(lines.size() + between_.size()) + 2);
    shown_.push_back(std::move(lines));
  }
}

CopyAnswer CopyTest::ask(int id) {
  CopyAnswer best;
  for (std::size_t p = 0; p < prompts; ++p) {
    std::vector<int> tokens = shown_[p];
    tokens.push_back(id);
    tokens.insert(tokens.end(), between_.begin(), between_.end());
    // Also where the same token is asked for again.
    sequences_[p].truncate(std::min(sequences_[p].length(), static_cast<int>(shown_[p].size())));
    const std::vector<float> logits = logits_after(*model_.model, sequences_[p], tokens);
    const float own = logits[static_cast<std::size_t>(id)];
    const double probability =
        exp_exact(thermo(std::span<const float>(logits), 1.0).log_p(static_cast<double>(own)));
    if (p > 0 && probability <= best.probability) continue;
    best.probability = probability;
    best.rank = 1 + static_cast<std::size_t>(
                        std::count_if(logits.begin(), logits.end(), [&](float z) { return z > own; }));
    best.said = static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
  return best;
}

double copied_less_p(std::size_t suspects, std::size_t copied, std::size_t controls,
                     std::size_t controls_copied) {
  const std::size_t all = copied + controls_copied;
  double p = 0;
  for (std::size_t k = all > controls ? all - controls : 0; k <= copied; ++k)
    p += std::exp(log_choose(suspects, k) + log_choose(controls, all - k) -
                  log_choose(suspects + controls, all));
  return std::min(1.0, p);
}

}  // namespace kelvin
