#include "tools/inspect/page/logits_page_builder.h"

#include <algorithm>

namespace kelvin {

LogitsPageBuilder::LogitsPageBuilder(const Tokenizer& tokenizer, const Chain& chain, LogitsPageTitle title,
                                     std::vector<int> ids, int first_detailed)
    : chain_(chain),
      ids_(std::move(ids)),
      n_prompt_(title.n_prompt),
      seed_(title.seed),
      first_detailed_(first_detailed),
      ends_(LogitsPage::ends_for(ids_.size() -
                                 std::min(ids_.size(), static_cast<std::size_t>(first_detailed)))),
      page_(tokenizer, std::move(title), ids_) {}

void LogitsPageBuilder::add(const PositionLogits& at) {
  const auto seen = static_cast<std::size_t>(at.position) + 1;
  if (seen > LogitsPage::max_tokens) return;
  // Within the prompt: what the chain would draw if it ended here.
  Step step;
  step.tokens = std::span(ids_).first(seen);
  step.n_prompt = std::min(seen, n_prompt_);
  step.seed = seed_;
  StepRecordOptions options;
  options.chain = &chain_;
  options.ends = ends_;
  options.detailed = at.position + 1 >= first_detailed_ && page_.has_room();
  ChainState fresh;
  const bool within_prompt = seen < n_prompt_;
  page_.add(record_step(at, step, within_prompt ? fresh : state_, options), options.detailed);
  if (!within_prompt && at.next) chain_.accept(*at.next, step, state_);
}

}  // namespace kelvin
