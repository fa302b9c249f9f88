// One task's answers, by all chains: its prompt is read once, and they grow side by side.
#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "tools/generation/continuation.h"
#include "tools/lab/score/score_run.h"

namespace kelvin {

class TaskAnswers {
 public:
  // Those in `before` are there already. Keeps references to all of them.
  TaskAnswers(OpenModel& model, const ScorePlan& plan, std::size_t task, std::span<const int> prompt,
              const std::vector<ScoreSample>& before, const std::atomic<bool>* stop);

  // Tells of each that ends, judged; in an order that depends on their lengths alone. Throws Interrupted where it is
  // stopped, what a chain throws, and UserError of a judge.
  void run(const std::function<void(ScoreSample sample)>& tell);

 private:
  ScoreSample judged(std::size_t chain, std::size_t draw, Continuation answer) const;

  OpenModel& model_;
  const ScorePlan& plan_;
  const ScoreTask& task_;
  std::span<const int> prompt_;
  const std::atomic<bool>* stop_;
  std::vector<std::pair<std::size_t, std::size_t>> wanted_;  // chain, draw
};

}  // namespace kelvin
