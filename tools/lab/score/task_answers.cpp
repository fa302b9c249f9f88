#include "tools/lab/score/task_answers.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "tools/generation/generation_loop.h"
#include "tools/terminal/interrupt.h"

namespace kelvin {
namespace {

// One answer with its place in the model. The writer refers to its neighbours.
struct Slot {
  Slot(std::size_t chain_index, std::size_t draw_index, const ContinuationRequest& asked,
       const Sequence& prompt, const Tokenizer& tokenizer)
      : chain(chain_index),
        draw(draw_index),
        request(asked),
        sequence(prompt.fork()),
        writer(sequence, tokenizer, request) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  std::size_t chain, draw;
  ContinuationRequest request;
  Sequence sequence;
  ContinuationWriter writer;
};

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

}  // namespace

TaskAnswers::TaskAnswers(OpenModel& model, const ScorePlan& plan, std::size_t task,
                         std::span<const int> prompt, const std::vector<ScoreSample>& before,
                         const std::atomic<bool>* stop)
    : model_(model), plan_(plan), task_(plan.tasks[task]), prompt_(prompt), stop_(stop) {
  std::set<std::pair<std::size_t, std::size_t>> there;
  for (const ScoreSample& sample : before) there.emplace(sample.chain, sample.draw);
  for (std::size_t chain = 0; chain < plan.chains.size(); ++chain)
    for (std::size_t draw = 0; draw < static_cast<std::size_t>(plan.draws); ++draw)
      if (!there.contains({chain, draw})) wanted_.emplace_back(chain, draw);
}

void TaskAnswers::run(const std::function<void(ScoreSample sample)>& tell) {
  if (wanted_.empty()) return;
  heed(stop_);
  Sequence read(*model_.model, model_.context);
  if (prompt_.size() > 1) {
    const Feed feed{&read, prompt_.first(prompt_.size() - 1), Want::none};
    ForwardOptions options;
    options.stop = stop_;
    if (!model_.model->forward({&feed, 1}, {}, options)) throw Interrupted();
  }
  ContinuationRequest request;
  request.prompt = prompt_;
  request.seed = seed_of_task(plan_.seed, task_.id);
  request.max_tokens = task_.max_tokens.value_or(plan_.max_tokens);
  request.stops = model_.stops;
  request.stop_texts = task_.stop_texts;
  request.text_continues = task_.prompt.has_value();
  request.log_probabilities = request.self_certainty = true;

  GenerationLoop loop(*model_.model, {.stop = stop_});
  std::vector<std::unique_ptr<Slot>> slots;
  for (std::size_t next = 0; next < wanted_.size() || !slots.empty();) {
    while (next < wanted_.size() && slots.size() < static_cast<std::size_t>(plan_.width)) {
      const auto [chain, draw] = wanted_[next++];
      request.chain = &plan_.chains[chain];
      request.stream = draw;
      slots.push_back(std::make_unique<Slot>(chain, draw, request, read, model_.tokenizer()));
      loop.add(slots.back()->writer);
    }
    if (!loop.step()) throw Interrupted();
    for (auto& slot : slots)
      if (slot->writer.done()) {
        tell(judged(slot->chain, slot->draw, slot->writer.finish()));
        slot = nullptr;
      }
    std::erase(slots, nullptr);
  }
}

ScoreSample TaskAnswers::judged(std::size_t chain, std::size_t draw, Continuation answer) const {
  Verdict verdict = (*task_.judge)(answer.text);
  ScoreSample sample{chain,
                     draw,
                     std::move(answer.ids),
                     std::move(answer.text),
                     std::string(name_of(answer.ending)),
                     {},
                     verdict.timed_out};
  sample.vote = {verdict.right, std::move(verdict.answer), mean_of(answer.log_probabilities),
                 mean_of(answer.self_certainties)};
  return sample;
}

}  // namespace kelvin
