// Any text as a sampler chain: UserError, or a chain that reads back as itself and draws tokens
// which its vocabulary has.
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "tokenizer/base/user_error.h"

namespace {

// Ten tokens, of which the last ends an answer.
const std::vector<std::string> bytes = {"a", "b", " the", "\n", "\xC3", "\xA9", "\xD0\x96", "1", "\"", ""};
const std::vector<int> stops = {9};

void draw(const kelvin::Chain& chain) {
  kelvin::ChainState state;
  std::vector<int> tokens = {2, 0};
  for (int i = 0; i < 4; ++i) {
    std::vector<float> logits = {2, 1.5f, -3, 0, 0, 0.25f, -0.5f, 7, -20, 1};
    kelvin::Step step;
    step.tokens = tokens;
    step.n_prompt = 2;
    const int token = chain.sample(logits, step, state);
    if (token < 0 || token >= static_cast<int>(bytes.size())) std::abort();
    const int back = chain.accept(token, step, state);
    tokens.push_back(token);
    if (back < 0 || static_cast<std::size_t>(back) > tokens.size() - step.n_prompt) std::abort();
    tokens.resize(tokens.size() - static_cast<std::size_t>(back));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const kelvin::Vocabulary vocabulary{bytes, stops};
    const kelvin::Chain chain = kelvin::Chain::parse(text, vocabulary);
    if (kelvin::Chain::parse(chain.text(), vocabulary).text() != chain.text()) std::abort();
    chain.describe();
    draw(chain);
  } catch (const kelvin::UserError&) {
  } catch (const std::runtime_error&) {  // a chain that leaves nothing to draw
  }
  return 0;
}
