// Tasks of lm-evaluation-harness with data of one's own: a task file and the JSON lines it names.
#pragma once

#include <string>
#include <vector>

#include "tools/lab/score/score_task.h"

namespace kelvin {

// The task file is JSON, which is YAML too, so that both programs read it (Kelvin has no reader for other YAML):
//   {"task": "sums", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "sums.jsonl"}},
//    "test_split": "test", "output_type": "generate_until", "doc_to_text": "{{a}} + {{b}} =", "doc_to_target": "sum",
//    "generation_kwargs": {"until": ["\n"], "max_gen_toks": 8},
//    "filter_list": [{"name": "n", "filter": [{"function": "remove_whitespace"}, {"function": "take_first"}]}],
//    "metric_list": [{"metric": "exact_match"}]}
// Data files are found from the task file's folder. Everything that would change a result and is not done the same way
// here is refused by its name: few-shot examples, other output types, filters, metrics and options of exact_match,
// templates with statements, !function. Without remove_whitespace the output has to equal the target with its blanks.
// Throws LoadError, TemplateError.
std::vector<ScoreTask> read_lm_eval_tasks(const std::string& path);

// The text of the task file and its data, which results depend on.
std::string lm_eval_text(const std::string& path);

}  // namespace kelvin
