#include "sampling/why.h"

#include <algorithm>

#include "sampling/logits.h"
#include "sampling/noise.h"

namespace kelvin {

namespace {

int likeliest(std::span<const float> logits) {
  const float top = largest(logits);
  return top == impossible ? -1 : static_cast<int>(first_of(logits, top));
}

int likeliest_but(int id, std::vector<float> logits) {
  logits[static_cast<std::size_t>(id)] = impossible;
  return likeliest(logits);
}

// What the stage before `i` left; before the first, what the model gave.
const TokenRank& before_stage(const Contender& contender, std::size_t i) {
  return i == 0 ? contender.first : contender.after[i - 1];
}

// Index of the ban that, ahead of all other stages, removed the token; -1: none did.
int banned_first(const Trace& trace, int id) {
  for (std::size_t i = 0; i < trace.stages.size(); ++i) {
    const StageTrace& stage = trace.stages[i];
    if (stage.acted_first &&
        std::find(stage.removed_ids.begin(), stage.removed_ids.end(), id) != stage.removed_ids.end())
      return static_cast<int>(i);
  }
  return -1;
}

void find_turns(Why& why) {
  double max = 1e-6;
  const auto odds = [](const TokenRank& drawn, const TokenRank& greedy) {
    return drawn.log_probability - greedy.log_probability;
  };
  for (std::size_t i = 0; i < why.greedy.after.size(); ++i) {
    if (why.greedy.after[i].rank == 0) {
      why.removed_by = static_cast<int>(i);
      why.favoured_by = -1;
      return;
    }
    const double gain = odds(why.drawn.after[i], why.greedy.after[i]) -
                        odds(before_stage(why.drawn, i), before_stage(why.greedy, i));
    if (gain > max) {
      max = gain;
      why.favoured_by = static_cast<int>(i);
    }
  }
}

}  // namespace

Why explain(const Chain& chain, const Trace& trace, const Step& step, const ChainState& before,
            std::span<const double> temperatures) {
  Why why;
  why.drawn.id = trace.drawn;
  why.greedy.id = likeliest(trace.before);
  why.rival.id = likeliest_but(trace.drawn, trace.after);

  // Only now is it known whom to follow.
  Trace again;
  std::vector<float> logits = trace.before;
  ChainState state = before;
  Contender* const contenders[] = {&why.drawn, &why.greedy, &why.rival};
  for (const Contender* c : contenders) again.follow.push_back(c->id);
  again.keep_ids = true;
  chain.apply(logits, step, state, &again);
  const Noise noise = draw_noise(step);
  for (std::size_t i = 0; i < std::size(contenders); ++i) {
    Contender& c = *contenders[i];
    if (c.id < 0) continue;
    c.first = c.last = token_rank(trace.before, c.id);
    for (const StageTrace& stage : again.stages) c.after.push_back(stage.followed[i]);
    if (!c.after.empty()) c.last = c.after.back();
    c.gumbel = noise.gumbel(c.id);
  }
  why.removed_by = banned_first(again, why.greedy.id);
  if (why.removed_by < 0) find_turns(why);

  for (const double temperature : temperatures) {
    logits = trace.before;
    state = before;
    why.same_noise.push_back({temperature, chain.at_temperature(temperature).sample(logits, step, state)});
  }
  return why;
}

std::array<double, 3> other_temperatures(const Chain& chain) {
  std::array<double, 3> others = {0.5, 1, 2};
  for (const Chain::Link& link : chain.links())
    if (link.type.name == "temp")
      for (double& t : others)
        if (t == link.params["temperature"]) t = 4;
  return others;
}

}  // namespace kelvin
