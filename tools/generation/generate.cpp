#include "tools/generation/generate.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "tools/generation/draws.h"

#include "tokenizer/models/model_spec.h"

namespace kelvin {

namespace {

// "<unused56>": a number in brackets, behind a word that says so.
bool keeps_a_place(std::string_view content) {
  if (content.size() < 3 || (content[0] != '<' && content[0] != '[')) return false;
  const bool says_so = content.find("unused") != content.npos || content.find("reserved") != content.npos;
  return says_so && content.find_first_of("0123456789") != content.npos;
}

}  // namespace

Continuation continue_prompt(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                             const ContinuationRequest& request, const LoopOptions& options) {
  return std::move(continue_prompt_often(model, sequence, tokenizer, request, 1, options).front());
}

std::vector<Continuation> continue_prompt_often(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                                                const ContinuationRequest& request, int n_draws,
                                                const LoopOptions& options) {
  if (n_draws < 1) throw std::invalid_argument("no draw was asked for");
  std::vector<std::size_t> draws(static_cast<std::size_t>(n_draws));
  std::iota(draws.begin(), draws.end(), std::size_t{0});
  std::vector<Continuation> results(draws.size());
  draw_continuations(model, sequence, tokenizer, request, draws, {.width = n_draws, .loop = options},
                     [&](std::size_t draw, Continuation result) { results[draw] = std::move(result); });
  return results;
}

std::vector<float> logits_after(Model& model, Sequence& sequence, std::span<const int> tokens) {
  const int held = common_prefix(sequence.tokens(), tokens);
  sequence.truncate(held);
  std::vector<float> logits;
  const Feed feed{&sequence, tokens.subspan(static_cast<std::size_t>(held)), Want::last};
  model.forward({&feed, 1}, [&](int, int, std::span<const float> z) { logits.assign(z.begin(), z.end()); });
  return logits;
}

std::vector<std::string> token_bytes(const Tokenizer& tokenizer, int vocab_size) {
  std::vector<std::string> bytes(static_cast<std::size_t>(std::min(vocab_size, tokenizer.vocab_size())));
  for (std::size_t id = 0; id < bytes.size(); ++id) bytes[id] = tokenizer.bytes(static_cast<int>(id));
  return bytes;
}

std::vector<int> special_tokens(const Tokenizer& tokenizer, int vocab_size) {
  std::vector<int> ids;
  for (int id = 0; id < std::min(vocab_size, tokenizer.vocab_size()); ++id)
    if (tokenizer.is_special(id)) ids.push_back(id);
  for (const AddedToken& token : tokenizer.added_tokens())
    if (token.id >= 0 && token.id < vocab_size && keeps_a_place(token.content)) ids.push_back(token.id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace kelvin
