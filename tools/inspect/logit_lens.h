// The logit lens (nostalgebraist 2020): what the model would say if it ended after each layer. The residual
// stream after every layer goes through the final norm and the head, unchanged ("raw lens": early layers need
// not speak the head's language).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "engine/forward/model.h"
#include "engine/weights/config.h"

namespace kelvin {

class LogitLens {
 public:
  explicit LogitLens(Model& model) : model_(model) {}

  int stages() const { return model_.config().n_layers + 1; }  // the embedding, then every layer

  // The observer of a forward pass over `count` positions from `first` on; forgets what was seen before.
  Observer watch(int first, int count);

  // After that pass: the logits of every stage of one position, (stages, vocabulary); the last row is the
  // model's own, bit for bit. Valid until the next call.
  std::span<const float> read(int position);

 private:
  Model& model_;
  int first_ = 0;
  std::vector<float> hidden_;  // (positions, stages, hidden_size)
  std::vector<bool> seen_;     // (positions, stages)
  std::vector<float> logits_;
};

}  // namespace kelvin
