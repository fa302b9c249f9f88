// The repeat-the-word test: a model that cannot say a token back has hardly ever seen it.
#pragma once

#include <atomic>
#include <string>

#include "loaders/tokenizer/prompt.h"
#include "sampling/chain.h"
#include "tokenizer/chat_template.h"
#include "tools/options/model_options.h"
#include "tools/options/template_options.h"

namespace kelvin {

struct RepeatAnswer {
  bool passed;  // the token came back, as an id or as text
  std::string answer;
};

class RepeatTest {
 public:
  // `question` holds "{}" where the token's text goes. Throws UsageError if it does not, or if the model has
  // no chat template, UserError if the template has no switch for what `options` say of thinking.
  RepeatTest(OpenModel& model, std::string question, const TemplateOptions& options = {});

  // The answer at T = 0, of at most 24 tokens.
  RepeatAnswer ask(int id, const std::atomic<bool>* stop = nullptr);

 private:
  OpenModel& model_;
  std::string question_;
  ChatTemplate template_;
  ConversationOptions conversation_;
  Chain coldest_;
  Sequence sequence_;
};

}  // namespace kelvin
