#include "tools/inspect/golden_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "engine/forward/rope_set.h"
#include "engine/weights/config.h"
#include "sampling/statistics/token_view.h"

namespace kelvin {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

double distance(double ours, double theirs) {
  if (ours == theirs) return 0;
  const double d = std::fabs(ours - theirs);
  return d == d ? d : infinite;
}

std::size_t likeliest(std::span<const float> logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

class Checker {
 public:
  Checker(Model& model, const GoldenSequence& golden, double tolerance)
      : golden_(golden),
        tolerance_(tolerance),
        layers_(model.config().n_layers),
        length_(static_cast<int>(golden.ids.size())) {
    const engine::RopeSet rope(model.config().ropes);
    while (first_comparable_ + 1 < length_ &&
           rope.frequency_set(first_comparable_ + 1) != rope.frequency_set(length_))
      ++first_comparable_;
    result_.name = golden.name;
    result_.left_out = first_comparable_;
    if (golden.hidden)
      for (std::size_t row = 0; row < golden.hidden->shape()[0]; ++row)
        result_.stages.emplace_back().name = name_of(stage_of(row));
  }

  void logits(int position, std::span<const float> z) {
    if (position < first_comparable_) return;
    const auto at = static_cast<std::size_t>(position);
    PositionCheck check;
    check.position = position;
    check.id = golden_.ids[at];
    check.argmax = static_cast<int>(likeliest(z));
    if (golden_.logits) compare(check, z, *golden_.logits, at * z.size());
    if (golden_.last_logits && position == length_ - 1) compare(check, z, *golden_.last_logits, 0);
    if (golden_.nll && position < length_ - 1) {
      check.nll_error = distance(-log_probability_or_nan(z, golden_.ids[at + 1]), (*golden_.nll)[at]);
      check.agrees = check.agrees && *check.nll_error <= 2 * tolerance_;
      result_.nll_error = std::max(result_.nll_error, *check.nll_error);
    }
    if (const auto expected = expected_argmax(at, z.size())) {
      check.expected_argmax = expected;
      const auto id = static_cast<std::size_t>(*expected);
      check.argmax_agrees =
          id < z.size() && z[static_cast<std::size_t>(check.argmax)] - z[id] <= 2 * tolerance_;
      check.agrees = check.agrees && check.argmax_agrees;
    }
    result_.agrees = result_.agrees && check.agrees;
    result_.positions.push_back(check);
  }

  void hidden(int position, int stage, std::span<const float> h) {
    if (!golden_.hidden || position < first_comparable_) return;
    const auto& shape = golden_.hidden->shape();
    if (shape.size() == 2 && position != length_ - 1) return;
    for (std::size_t row = 0; row < shape[0]; ++row) {
      if (stage_of(row) != stage) continue;
      const std::size_t start =
          (shape.size() == 2 ? row : row * shape[1] + static_cast<std::size_t>(position)) * h.size();
      StageCheck& check = result_.stages[row];
      double error = 0, scale = 0;
      for (std::size_t i = 0; i < h.size(); ++i) {
        const double theirs = (*golden_.hidden)[start + i];
        error = std::max(error, distance(h[i], theirs));
        scale = std::max(scale, std::fabs(theirs));
      }
      check.agrees = check.agrees && error <= hidden_check_tolerance * scale;
      check.scale = std::max(check.scale, scale);
      if (error > check.error) {
        check.error = error;
        check.position = position;
      }
    }
  }

  SequenceCheck finish() {
    result_.agrees = result_.agrees && !result_.first_difference();
    return std::move(result_);
  }

 private:
  // Dumps with one row less lack the last layer's output.
  int stage_of(std::size_t row) const {
    const bool complete = golden_.hidden->shape()[0] == static_cast<std::size_t>(layers_) + 2;
    const int stage = static_cast<int>(row);
    return !complete && stage == layers_ ? layers_ + 1 : stage;
  }
  std::string name_of(int stage) const {
    if (stage == 0) return "input of layer 0";
    if (stage > layers_) return "output of the final norm";
    return "output of layer " + std::to_string(stage - 1);
  }
  // NaN where the logits are no distribution.
  static double log_probability_or_nan(std::span<const float> z, int id) {
    try {
      return log_probability(z, id);
    } catch (const std::invalid_argument&) {
      return std::numeric_limits<double>::quiet_NaN();
    }
  }
  void compare(PositionCheck& check, std::span<const float> z, const GoldenArray& theirs, std::size_t start) {
    double error = check.logits_error.value_or(0);
    for (std::size_t i = 0; i < z.size(); ++i) error = std::max(error, distance(z[i], theirs[start + i]));
    check.logits_error = error;
    check.agrees = check.agrees && error <= tolerance_;
    result_.logits_error = std::max(result_.logits_error, error);
  }
  std::optional<int> expected_argmax(std::size_t position, std::size_t vocabulary) const {
    if (golden_.argmax) {
      const double id = (*golden_.argmax)[position];
      return id >= 0 && id < static_cast<double>(vocabulary) ? static_cast<int>(id) : -1;
    }
    if (!golden_.logits) return std::nullopt;
    std::size_t best = 0;
    for (std::size_t i = 1; i < vocabulary; ++i)
      if ((*golden_.logits)[position * vocabulary + i] > (*golden_.logits)[position * vocabulary + best])
        best = i;
    return static_cast<int>(best);
  }

  const GoldenSequence& golden_;
  double tolerance_;
  int layers_, length_;
  int first_comparable_ = 0;
  SequenceCheck result_;
};

}  // namespace

const StageCheck* SequenceCheck::first_difference() const {
  const auto found =
      std::find_if(stages.begin(), stages.end(), [](const StageCheck& stage) { return !stage.agrees; });
  return found == stages.end() ? nullptr : &*found;
}

SequenceCheck check_sequence(Model& model, const GoldenSequence& golden, double tolerance,
                             const std::function<void(int done, int total)>& progress) {
  Checker checker(model, golden, tolerance);
  Sequence sequence(model, static_cast<int>(golden.ids.size()));
  const Feed feed{&sequence, golden.ids, Want::all};
  ForwardOptions options;
  options.progress = progress;
  // Where positions are computed again with other RoPE frequencies, the observer sees them again; those that
  // are comparable are seen once, with the last frequencies.
  if (golden.hidden)
    options.observer = [&](int, int position, int stage, std::span<const float> h) {
      checker.hidden(position, stage, h);
    };
  model.forward(
      {&feed, 1}, [&](int, int position, std::span<const float> z) { checker.logits(position, z); }, options);
  return checker.finish();
}

}  // namespace kelvin
