// temp-schedule: the temperature as an expression of
//   step       tokens generated so far: 0 at the first           H          entropy here, nats
//   position   place of the token in the whole text              top        probability of the likeliest
//   token here n          tokens still possible                             surprise   -ln p of the last
//   token drawn, here; 0 at first
#include <stdexcept>

#include "sampling/logits.h"
#include "sampling/stage.h"
#include "sampling/stages/expression.h"
#include "sampling/stages/temperature.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

std::shared_ptr<const void> prepare_schedule(const Params& params, const Vocabulary&) {
  return std::make_shared<const Expression>(
      params.text("expression"), std::vector<std::string>{"step", "position", "n", "H", "top", "surprise"});
}

void temp_schedule(std::span<float> logits, const Params& params, const StageContext& step) {
  const auto& expression = params.prepared<Expression>();
  auto& memory = *step.memory;
  if (expression.uses("surprise")) {
    if (memory.values.empty()) memory.values = {0.0};
    memory.seen.assign(logits.begin(), logits.end());
  }
  const double values[] = {
      static_cast<double>(step.generated()),
      static_cast<double>(step.position()),
      expression.uses("n") ? static_cast<double>(count_possible(logits)) : 0.0,
      expression.uses("H") ? spread_of(logits, *step.scratch).entropy : 0.0,
      expression.uses("top") ? 1 / fill_weights(logits, *step.scratch) : 0.0,
      memory.values.empty() ? 0.0 : memory.values[0],
  };
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
