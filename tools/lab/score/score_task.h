// Tasks of kelvin-score, one a line of JSON:
//   {"id": "a", "prompt": "2 + 2 =" or "messages": [...], "answer": ..., "stop": ["\n"], "max_tokens": 8, "cluster": "sums"}
// A task without an id is called by the number of its line. "answer" is what judge.h says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/lab/score/judge.h"
#include "tools/options/model_options.h"
#include "tools/options/template_options.h"

namespace kelvin {

struct ScoreTask {
  std::string id;
  std::string cluster;                  // tasks of one may be alike; the id where the line names none
  std::optional<std::string> prompt;    // or
  std::optional<JsonDocument> line;     // which has messages
  std::vector<std::string> stop_texts;  // none empty
  std::optional<int> max_tokens;
  std::shared_ptr<const Judge> judge;
};

// The tasks of a whole file; empty lines are passed over. Throws LoadError "NAME, line 3: key: problem", also for keys
// that nobody knows, two tasks of one id, and a file without a task.
std::vector<ScoreTask> parse_score_tasks(std::string_view text, const std::string& name);

// What the model reads of it. Throws UserError that begins with the task where it has no template, LoadError for messages
// that are none.
std::vector<int> prompt_of(const ScoreTask& task, const OpenModel& model, const TemplateOptions& options);

}  // namespace kelvin
