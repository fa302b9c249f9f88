// kelvin-logits --svg: what the model thought along a text, as curves.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tokenizer/tokenizer.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

class LogitsPlots {
 public:
  explicit LogitsPlots(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  // Positions in order: the logits after one, shape (vocabulary,), and the token that follows, if any.
  void add(int position, std::span<const float> logits, std::optional<int> next);

  // Surprise beside entropy, which it equals on average where the text was drawn from the model; and the rank.
  std::vector<Plot> plots() const;

 private:
  const Tokenizer& tokenizer_;
  PlotSeries surprise_{"surprise of the token, -ln p"}, entropy_{"entropy before it"};
  PlotSeries rank_{"", {}, PlotSeries::Style::points};
};

}  // namespace kelvin
