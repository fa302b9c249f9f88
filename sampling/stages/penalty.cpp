// Penalties on tokens that the recent history holds, counted once per distinct token or per occurrence:
//   penalty     z > 0: z / r, else z r (Keskar et al. 2019, CTRL, arXiv 1909.05858). Depends on where z is 0:
//   belongs on raw logits frequency   z - f count,  presence   z - p (OpenAI's API)
#include <algorithm>
#include <limits>

#include "sampling/stage.h"
#include "sampling/stages/history.h"

namespace kelvin::sampling {

namespace {

// Calls edit(z, count) once for each token of the window that is still possible.
template <class Edit>
void for_each_seen(std::span<float> logits, std::span<const int> window, Scratch& scratch, Edit edit) {
  auto& counts = scratch.counts;
  if (counts.size() < logits.size()) counts.resize(logits.size(), 0);
  const auto known = [&](int id) { return id >= 0 && static_cast<std::size_t>(id) < logits.size(); };
  for (const int id : window)
    if (known(id)) ++counts[static_cast<std::size_t>(id)];
  for (const int id : window) {
    if (!known(id)) continue;
    const auto i = static_cast<std::size_t>(id);
    if (counts[i] > 0 && logits[i] != impossible) logits[i] = edit(logits[i], counts[i]);
    counts[i] = 0;
  }
}

template <class Edit>
void for_each_seen(std::span<float> logits, const Params& params, const StageContext& step, Edit edit) {
  for_each_seen(logits, history_window(step, params["last"], params.text("of") == "output"), *step.scratch,
                edit);
}

float finite(float z) {
  return std::clamp(z, std::numeric_limits<float>::lowest(), std::numeric_limits<float>::max());
}

}  // namespace

void penalty(std::span<float> logits, const Params& params, const StageContext& step) {
  const auto repetition = static_cast<float>(params["repetition"]);
  const auto frequency = static_cast<float>(params["frequency"]),
             presence = static_cast<float>(params["presence"]);
  for_each_seen(logits, params, step, [&](float z, std::uint32_t count) {
    const float repeated = finite(z > 0 ? z / repetition : z * repetition);
    return finite(repeated - frequency * static_cast<float>(count) - presence);
  });
}

// p > 1 makes what stands in the prompt likelier: the penalty of 1 / p.
void encoder_penalty(std::span<float> logits, const Params& params, const StageContext& step) {
  const auto repetition = static_cast<float>(1 / params["penalty"]);
  const auto prompt = step.tokens.first(std::min(step.n_prompt, step.tokens.size()));
  for_each_seen(logits, prompt, *step.scratch,
                [&](float z, std::uint32_t) { return finite(z > 0 ? z / repetition : z * repetition); });
}

void frequency(std::span<float> logits, const Params& params, const StageContext& step) {
  const auto by = static_cast<float>(params["by"]);
  for_each_seen(logits, params, step,
                [&](float z, std::uint32_t count) { return finite(z - by * static_cast<float>(count)); });
}

void presence(std::span<float> logits, const Params& params, const StageContext& step) {
  const auto by = static_cast<float>(params["by"]);
  for_each_seen(logits, params, step, [&](float z, std::uint32_t) { return finite(z - by); });
}

}  // namespace kelvin::sampling
