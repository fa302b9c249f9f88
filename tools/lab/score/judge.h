// Whether an output is the right answer to its task, in one of six ways that the task's "answer" names:
//   "Paris"                                    the output is this text, but for blanks around it
//   ["Paris", "paris"]                         or one of these
//   {"text": "Paris", "ignore_case": true, "where": "begin"}    also "anywhere", "all" (default); a text or several
//   {"choices": ["A", "B", "C"], "right": "B"} the choice that comes first in the output, as a word of its own
//   {"regex": "\\b4\\b", "where": "all"}       a match anywhere (default), or the output as a whole
//   {"number": 42, "tolerance": 0.5, "relative": 0.01, "which": "first"}    the last number of the output, or the first
//   {"json": {"a": [1, 2]}}                    JSON of the same value: order of members and spelling of numbers aside
//   {"command": ["python3", "check.py"], "files": {"check.py": "..."}, "seconds": 10, "memory_mb": 1024}
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "loaders/json/json.h"

namespace kelvin {

struct Verdict {
  bool right = false;
  std::optional<std::string>
      answer;              // what the output comes to, to count votes by; nothing: no answer is in it
  bool timed_out = false;  // of a command
};

class Judge {
 public:
  virtual ~Judge() = default;
  // `output` is any bytes; what is no UTF-8 counts as U+FFFD. Throws UserError where a command cannot be started.
  virtual Verdict operator()(std::string_view output) const = 0;
  virtual bool runs_command() const { return false; }
};

// Throws LoadError that names the key, what was expected and what was found.
std::unique_ptr<const Judge> make_judge(JsonValue answer);

}  // namespace kelvin
