#include "sampling/why.h"

#include "sampling/boltzmann.h"
#include "sampling/logits.h"

namespace kelvin {

Standing standing_of(std::span<const float> logits, int token) {
  const std::size_t rank = rank_of(logits, token);
  if (rank == 0) return {};
  const Thermo t = thermo(logits, 1.0);
  return {exp_exact(t.log_p(static_cast<double>(logits[static_cast<std::size_t>(token)]))), rank};
}

Why explain(const Chain& chain, const Trace& trace, const Step& step, const ChainState& before,
            std::span<const double> temperatures) {
  Why why;
  why.drawn = trace.drawn;
  why.greedy = static_cast<int>(first_of(trace.before, largest(trace.before)));
  why.first = standing_of(trace.before, why.drawn);
  why.last = standing_of(trace.after, why.drawn);
  for (std::size_t i = 0; i < trace.stages.size() && why.removed_by < 0; ++i)
    for (const int id : trace.stages[i].removed_ids)
      if (id == why.greedy) why.removed_by = static_cast<int>(i);
  for (const double temperature : temperatures) {
    std::vector<float> logits = trace.before;
    ChainState state = before;
    why.same_luck.push_back({temperature, chain.at_temperature(temperature).sample(logits, step, state)});
  }
  return why;
}

}  // namespace kelvin
