// Rotary position embedding (Su et al. 2021, arXiv 2104.09864).
#pragma once

#include <span>
#include <vector>

#include "engine/weights/config.h"

namespace kelvin::engine {

// Angles of one head. For kinds whose frequencies depend on the length of the whole sequence (dynamic,
// longrope), keys rotated for one length are wrong at another: each such length has a frequency set of its own.
class Rope {
 public:
  // Throws std::invalid_argument if `spec` has no meaning (a factor that is not positive, ...).
  explicit Rope(const RopeSpec& spec);

  int pairs() const { return (spec_.dims + 1) / 2; }

  // The frequency set of a sequence of `length` tokens: the least length that has it, or 0.
  int frequency_set(int length) const;
  // The longest length with the frequency set of `length`; INT_MAX without end.
  int last_length(int length) const;

  // The inverse frequencies of a set, shape (pairs,), as transformers rounds them to float32.
  std::vector<float> frequencies(int set) const { return set == 0 ? first_set_ : compute(set); }

  // cos and sin of position * frequency, times the attention factor: rounded to float32 at the end only.
  void angles(std::span<const float> frequencies,  // (pairs,)
              int position,
              float* cosines,       // (pairs,)
              float* sines) const;  // (pairs,)

  // Rotates one head in place and multiplies it by `scale`, which dimensions that do not rotate are too.
  void rotate(float* head,           // (head_dim,)
              const float* cosines,  // (pairs,)
              const float* sines,    // (pairs,)
              int head_dim, float scale) const;

 private:
  std::vector<float> compute(int set) const;

  RopeSpec spec_;
  double attention_factor_ = 1.0;
  std::vector<float> first_set_;
};

}  // namespace kelvin::engine
