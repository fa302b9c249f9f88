// bias, ban, allow: constraints on single tokens, decided once per chain on their decoded bytes.
#include <algorithm>

#include "sampling/stage.h"
#include "sampling/stages/add_bias.h"
#include "sampling/stages/token_set.h"

namespace kelvin::sampling {

std::shared_ptr<const void> prepare_token_set(const Params& params, const Vocabulary& vocabulary) {
  return std::make_shared<const std::vector<int>>(token_set(params.text("tokens"), vocabulary));
}

// Ids that end the text are always allowed.
std::shared_ptr<const void> prepare_allowed(const Params& params, const Vocabulary& vocabulary) {
  std::vector<int> allowed = token_set(params.text("tokens"), vocabulary);
  allowed.insert(allowed.end(), vocabulary.stops.begin(), vocabulary.stops.end());
  return std::make_shared<const std::vector<int>>(std::move(allowed));
}

void bias(std::span<float> logits, const Params& params, const StageContext&) {
  for (const int id : params.prepared<std::vector<int>>())
    if (static_cast<std::size_t>(id) < logits.size())
      add_bias(logits[static_cast<std::size_t>(id)], params["by"]);
}

void ban(std::span<float> logits, const Params& params, const StageContext& step) {
  if (params["first"] > 0 && static_cast<double>(step.generated()) >= params["first"]) return;
  for (const int id : params.prepared<std::vector<int>>())
    if (static_cast<std::size_t>(id) < logits.size()) logits[static_cast<std::size_t>(id)] = impossible;
}

void allow(std::span<float> logits, const Params& params, const StageContext& step) {
  auto& kept = step.scratch->weights;
  kept.clear();
  const auto& allowed = params.prepared<std::vector<int>>();
  for (const int id : allowed)
    kept.push_back(static_cast<std::size_t>(id) < logits.size()
                       ? static_cast<double>(logits[static_cast<std::size_t>(id)])
                       : static_cast<double>(impossible));
  std::fill(logits.begin(), logits.end(), impossible);
  for (std::size_t i = 0; i < allowed.size(); ++i)
    if (static_cast<std::size_t>(allowed[i]) < logits.size())
      logits[static_cast<std::size_t>(allowed[i])] = static_cast<float>(kept[i]);
}

}  // namespace kelvin::sampling
