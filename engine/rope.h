// Rotary position embedding (Su et al. 2021, arXiv 2104.09864), halves rotated against each other: dimension
// i with i + d / 2.
#pragma once

#include <vector>

#include "engine/config.h"

namespace kelvin {

// Angles of one head. For kinds whose frequencies depend on the length of the whole sequence (dynamic), keys
// rotated for one length are wrong at another: each set of frequencies is an epoch.
class Rope {
 public:
  // head_dim: even. Throws std::invalid_argument if `spec` has no meaning (a factor that is not positive,
  // ...).
  Rope(const RopeSpec& spec, int head_dim);

  // Which frequencies a sequence of `length` tokens uses. Lengths of the same epoch share theirs.
  int epoch(int length) const;
  // The longest length with the epoch of `length`; INT_MAX without end.
  int last_length(int length) const;

  // Inverse frequencies of an epoch, shape (head_dim / 2,), as transformers rounds them to float32.
  std::vector<float> frequencies(int epoch) const { return epoch == 0 ? first_epoch_ : compute(epoch); }

  // cos and sin of position * frequency, times the attention factor: rounded to float32 at the end only.
  void angles(const std::vector<float>& frequencies,  // (head_dim / 2,)
              int position,
              float* cosines,       // (head_dim / 2,)
              float* sines) const;  // (head_dim / 2,)

 private:
  std::vector<float> compute(int epoch) const;

  RopeSpec spec_;
  int head_dim_;
  double attention_factor_ = 1.0;
  std::vector<float> first_epoch_;
};

// Rotates one head in place and multiplies it by `scale`.
void rotate_halves(float* head,           // (head_dim,)
                   const float* cosines,  // (head_dim / 2,)
                   const float* sines,    // (head_dim / 2,)
                   int head_dim, float scale);

}  // namespace kelvin
