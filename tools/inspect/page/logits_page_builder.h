// The page of a text, filled position by position: replays the chain beside the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "tools/inspect/logits_pass.h"
#include "tools/inspect/page/logits_page.h"

namespace kelvin {

class LogitsPageBuilder {
 public:
  // ids: the prompt (title.n_prompt of them), then tokens that `chain` drew at title.seed. `first_detailed`:
  // the token from which on steps get their details.
  LogitsPageBuilder(const Tokenizer& tokenizer, const Chain& chain, LogitsPageTitle title,
                    std::vector<int> ids, int first_detailed);

  // Positions in order, from 0 on. Throws what the chain throws.
  void add(const PositionLogits& at);

  std::string html() const { return page_.html(); }

 private:
  const Chain& chain_;
  std::vector<int> ids_;
  std::size_t n_prompt_;
  std::uint64_t seed_;
  int first_detailed_, ends_;
  ChainState state_;  // of the drawn tokens
  LogitsPage page_;
};

}  // namespace kelvin
