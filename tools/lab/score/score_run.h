// Answers of a model to tasks, drawn by several chains with the same noise, and judged.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sampling/chain.h"
#include "tools/lab/score/score_statistics.h"
#include "tools/lab/score/score_task.h"
#include "tools/lab/work/long_work.h"
#include "tools/options/model_options.h"
#include "tools/options/template_options.h"
#include "tools/output/provenance.h"

namespace kelvin {

struct ScorePlan {
  std::vector<ScoreTask> tasks;
  std::vector<Chain> chains;
  int draws = 1;  // of each chain for each task
  int max_tokens = 256;
  std::uint64_t seed = 0;
  int width = 8;        // answers that run together; results do not depend on it
  std::string settled;  // what else results depend on: the text of the tasks
  TemplateOptions chat_template;
};

struct ScoreSample {
  std::size_t chain = 0, draw = 0;
  std::vector<int> ids;
  std::string text, ending;
  Vote vote;
  bool timed_out = false;  // of a judge's command
};

struct ScoredTask {
  std::string id, cluster;
  std::uint64_t seed = 0;
  std::vector<ScoreSample> samples;  // (chains * draws,), by chain, then draw
};

struct ScoreResult {
  std::vector<std::string> chains;  // their text; "raw" without a stage
  std::size_t draws = 0;
  std::uint64_t seed = 0;
  std::vector<ScoredTask> tasks;
  std::optional<ModelOrigin> origin;
};

// The seed of a task's noise: the first eight bytes, the lowest first, of SHA-256 of "SEED ID", so that a task's answers
// are the same whatever stands beside it. Draw i is stream i. All chains see the same noise, at every position.
std::uint64_t seed_of_task(std::uint64_t seed, const std::string& id);

// A hash of every drawn token: SHA-256 of the lines "CHAIN TASK DRAW: ID ID ...\n" (numbers, the first three from 0), for
// all tasks of the first chain, then those of the next.
std::string hash_of(const ScoreResult& result);

// Runs all tasks. Nothing where this is one shard of several. Asks for the memory before it begins (OutOfMemory).
// Throws Interrupted with what is saved, UserError.
std::optional<ScoreResult> run_score(OpenModel& model, const ScorePlan& plan, const WorkFlags& flags,
                                     const std::atomic<bool>* stop);
// The result of parts that runs have written. Throws UsageError.
ScoreResult merge_score(const std::vector<std::string>& paths);

}  // namespace kelvin
