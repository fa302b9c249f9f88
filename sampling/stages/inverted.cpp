// inverted: among the tokens still possible, the likeliest gets the probability of the least likely and so on
// down the ranks: a negative temperature's turned order without its tail (wish in koboldcpp PR 464).
#include "sampling/stage.h"
#include "sampling/stages/descending.h"

namespace kelvin::sampling {

void inverted(std::span<float> logits, const Params&, const StageContext& step) {
  Descending order(logits, *step.scratch);
  const auto ranked = order.all();
  for (std::size_t rank = 0; rank < ranked.size(); ++rank)
    logits[static_cast<std::size_t>(ranked[rank].id())] = ranked[ranked.size() - 1 - rank].key();
}

}  // namespace kelvin::sampling
