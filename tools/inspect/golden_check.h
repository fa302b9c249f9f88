// A model held against a dump of another implementation, position by position and layer by layer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/forward/model.h"
#include "tools/inspect/golden_dump.h"

namespace kelvin {

struct PositionCheck {
  int position = 0;
  int id = 0;
  // Largest |difference| of a logit, and that of -ln p of the next token; absent where the dump has none.
  // Infinite where one side is not a number.
  std::optional<double> logits_error, nll_error;
  int argmax = -1;                     // ours
  std::optional<int> expected_argmax;  // the dump's
  // Whether argmax is the dump's, or so close to it that the tolerance decides.
  bool argmax_agrees = true;
  bool agrees = true;
};

struct StageCheck {
  std::string name;  // "input of layer 0", "output of layer 3", "output of the final norm"
  double error = 0;  // largest |difference|
  double scale = 0;  // largest |number| of the dump
  int position = 0;  // of the error
  bool agrees = true;
};

struct SequenceCheck {
  std::string name;
  std::vector<PositionCheck> positions;
  std::vector<StageCheck> stages;  // if the dump has hidden states
  // Positions left out: transformers gives them the RoPE frequencies of the whole sequence's length, we
  // those of their own.
  int left_out = 0;
  double logits_error = 0, nll_error = 0;
  bool agrees = true;

  const StageCheck* first_difference() const;
};

inline constexpr double default_check_tolerance = 1e-3;
// Of hidden states, relative to the largest number of the stage: some hundred roundings of float32.
inline constexpr double hidden_check_tolerance = 1e-4;

// tolerance: of logits, absolute; -ln p may differ by twice as much.
SequenceCheck check_sequence(Model& model, const GoldenSequence& golden, double tolerance,
                             const std::function<void(int done, int total)>& progress = {});

}  // namespace kelvin
