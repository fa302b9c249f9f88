// --jsonl: the answers to a file of prompts.
#pragma once

#include <optional>
#include <string>

#include "tools/batch/answer_file.h"
#include "tools/batch/batch_request.h"
#include "tools/options/flags.h"
#include "tools/options/prompt_options.h"

namespace kelvin {

class BatchFlags {
 public:
  void add_to(Flags& flags);  // --jsonl, --out, --retry-errors, --batch
  bool given() const { return in_.has_value(); }
  // Reads the prompts and opens the answers, before the model is loaded, which may take a while. Throws
  // UsageError where flags contradict each other.
  void open(const PromptOptions& prompt, bool draws);
  const std::optional<std::string>& out() const { return out_; }
  int width() const { return width_.value_or(0); }  // --batch; 0: not given
  // Shows a progress bar and says what happened on stderr; returns the exit status.
  int run(OpenModel& model, const BatchDefaults& defaults, int chunk);

 private:
  std::optional<std::string> in_, out_;
  std::optional<int> width_;
  bool retry_errors_ = false;
  std::string lines_;  // of `in_`
  std::optional<AnswerFile> answers_;
};

}  // namespace kelvin
