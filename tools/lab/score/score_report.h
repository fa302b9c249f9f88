// What kelvin-score says: for each chain its figures with standard errors, as a table, JSON lines or a page.
#pragma once

#include <string>
#include <vector>

#include "tools/lab/score/score_run.h"
#include "tools/output/provenance.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

struct Measure {
  std::string name;  // "accuracy", "pass@4", "majority@4", "best_logprob@4", "best_self_certainty@4"
  ClusteredMean estimate;
};

struct ChainScore {
  std::string chain;
  std::vector<Measure> measures;  // accuracy first; with one draw nothing else
  ClusteredMean difference;       // of accuracy to that of the first chain, task by task with the same noise
  double unpaired_error = 0;      // the difference's error if the two were measured independently
  double tokens = 0;              // mean of an answer
  std::size_t timed_out = 0;      // commands
};

// In the order of the result's chains. pass@k for k = 1, 2, 4, ... below the number of draws, and for that number.
std::vector<ChainScore> scores_of(const ScoreResult& result);

std::string score_table(const ScoreResult& result);
// A line for each chain and task with ids, texts, verdicts and votes; then one for each chain; at last one with the hash.
std::string score_json(const ScoreResult& result);
Plot score_plot(const ScoreResult& result);  // accuracy of each chain
std::string score_html(const ScoreResult& result, const Provenance& provenance);

}  // namespace kelvin
