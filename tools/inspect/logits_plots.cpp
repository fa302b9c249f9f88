#include "tools/inspect/logits_plots.h"

#include "sampling/statistics/boltzmann.h"
#include "sampling/statistics/token_view.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/piece_view.h"

namespace kelvin {

void LogitsPlots::add(int position, std::span<const float> logits, std::optional<int> next) {
  if (!next) return;
  const double at = position + 1;
  const TokenRank chance = token_rank(logits, *next);
  surprise_.points.emplace_back(at, -chance.log_probability);
  entropy_.points.emplace_back(at, thermo<float>(logits, 1.0).entropy);
  rank_.points.emplace_back(at, static_cast<double>(chance.rank));
  surprise_.names.push_back(shown_token(tokenizer_, *next));
  rank_.names.push_back(surprise_.names.back());
}

std::vector<Plot> LogitsPlots::plots() const {
  const auto place = [](double at) { return formatted("token %.0f", at); };
  const auto nats = [](double value) { return formatted("%.4g nats", value); };
  Plot cost{"surprise of every token, and how undecided the model was before it",
            {"token"},
            {"nats"},
            {surprise_, entropy_},
            900,
            350};
  cost.x.name_of = place;
  cost.y.name_of = nats;
  cost.y.low = 0;
  Plot rank{"rank of every token among all", {"token"}, {"rank", true}, {rank_}, 900, 350};
  rank.x.name_of = place;
  rank.y.name_of = [](double value) { return formatted("rank %.0f", value); };
  return {cost, rank};
}

}  // namespace kelvin
