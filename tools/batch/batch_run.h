// Many prompts through one model at a time: sequences join when there is room and leave when they end, and
// every answer has the bits it has alone.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "tools/batch/answer_file.h"
#include "tools/batch/batch_request.h"

namespace kelvin {

struct BatchOptions {
  BatchDefaults defaults;
  int width = 8;              // sequences at a time
  int chunk = 0;              // as ForwardOptions::chunk
  bool retry_errors = false;  // lines that are answered by an error are asked again
  const std::atomic<bool>* stop = nullptr;
  std::function<void(std::size_t done, std::size_t total)> progress;  // lines
};

struct BatchResult {
  std::size_t lines = 0;     // of the batch, empty ones left out
  std::size_t before = 0;    // answered in an earlier run, and not asked again
  std::size_t answered = 0;  // in this one, errors included
};

// Answers every line of `text`, the content of the file `name`, that `file` does not answer yet, each as soon
// as it is done; a line that cannot be answered gets an error of its own. Where errors are asked again, each stays in the
// file until the new answer is there. Returns early if stopped. Throws
// UsageError where the answers in the file belong to another batch, and what AnswerFile::add throws.
BatchResult run_batch(OpenModel& model, const std::string& name, const std::string& text, AnswerFile& file,
                      const BatchOptions& options);

}  // namespace kelvin
