// temp-schedule: the temperature as an expression of
//   step        tokens generated so far: 0 at the first token    position    place of the token in the whole text
//   H           entropy here, nats                               varentropy  variance of -ln p here, nats^2
//   top         probability of the likeliest token here          n           tokens still possible
//   surprise    -ln p of the last token drawn, here, nats; 0 at first
// and of the text generated so far: text ~ /../, last(16) ~ /../, count(/../), since(/../) (text_look.h).
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/expression.h"
#include "sampling/stages/temperature.h"
#include "sampling/stages/text_look.h"
#include "sampling/statistics/boltzmann.h"
#include "tokenizer/base/user_error.h"

namespace kelvin::sampling {

namespace {

struct Schedule {
  Expression expression;
  std::vector<std::string> bytes;  // of each token, if the expression reads the text
};

}  // namespace

std::shared_ptr<const void> prepare_schedule(const Params& params, const Vocabulary& vocabulary) {
  Schedule schedule{
      Expression(params.text("expression"), {"step", "position", "n", "H", "varentropy", "top", "surprise"}),
      {}};
  if (!schedule.expression.looks().empty()) {
    if (vocabulary.bytes.empty())
      throw UserError("temp-schedule: text, last, count and since need a model's vocabulary");
    schedule.bytes.assign(vocabulary.bytes.begin(), vocabulary.bytes.end());
  }
  return std::make_shared<const Schedule>(std::move(schedule));
}

void temp_schedule(std::span<float> logits, const Params& params, const StageContext& step) {
  const auto& [expression, bytes] = params.prepared<Schedule>();
  auto& memory = *step.memory;
  if (expression.uses("surprise")) {
    if (memory.values.empty()) memory.values = {0.0};
    memory.seen.assign(logits.begin(), logits.end());
  }
  thread_local std::vector<double> values;
  values = {
      static_cast<double>(step.generated()),
      static_cast<double>(step.position()),
      expression.uses("n") ? static_cast<double>(count_possible(logits)) : 0.0,
      expression.uses("H") ? spread_of(logits, *step.scratch).entropy : 0.0,
      expression.uses("varentropy") ? thermo(std::span<const float>(logits), 1.0).variance : 0.0,
      expression.uses("top") ? 1 / fill_weights(logits, *step.scratch) : 0.0,
      memory.values.empty() ? 0.0 : memory.values[0],
  };
  if (!expression.looks().empty()) {
    thread_local AnswerText answer;
    answer.read(step, bytes);
    for (const TextLook& look : expression.looks()) values.push_back(look.value(answer));
  }
  const double temperature = expression.value(values);
  if (temperature != temperature)
    throw std::runtime_error("position " + std::to_string(step.position()) + ": temp-schedule \"" +
                             std::string(params.text("expression")) + "\" gave no number");
  temper(logits, beta_of(temperature));
}

int accept_schedule(int token, const Params&, const StageContext& step) {
  const auto& seen = step.memory->seen;
  const auto i = static_cast<std::size_t>(token);
  if (i >= seen.size() || seen[i] == impossible) return 0;
  const double distance = static_cast<double>(largest(seen)) - static_cast<double>(seen[i]);
  step.memory->values = {distance + log_exact(fill_weights(seen, *step.scratch))};
  return 0;
}

}  // namespace kelvin::sampling
