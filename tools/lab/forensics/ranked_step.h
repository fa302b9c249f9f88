// One step of a text with its tokens in order of likelihood: what samplers that cut a tail off decide by.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace kelvin {

class RankedStep {
 public:
  // logits: (vocabulary,), -inf for what is impossible; `id` is the token that came. The 512 likeliest and the 512
  // least likely are kept as they are, the others in groups of 3 % of their rank from the nearer end with their mean. Throws std::invalid_argument if the token is
  // impossible.
  RankedStep(std::span<const float> logits, int id);

  std::size_t rank() const { return rank_; }       // of the token that came, from 1; equal logits rank by id
  double observed() const { return observed_; }    // its logit
  double above() const { return above_; }          // the probability, at T = 1, of those that rank before it
  double share_of_best() const { return share_; }  // its probability over that of the likeliest, at T = 1
  std::size_t possible() const { return last_.back(); }

  // How many tokens each sampler keeps, on the model's own distribution; beyond 512, to a group.
  std::size_t kept_by_top_p(double p) const;  // the fewest whose probability is at least p
  std::size_t kept_by_min_p(double p) const;  // those with at least p times the largest probability

  // Of the `kept` likeliest tokens at beta, measured from the largest logit if beta >= 0, else from the smallest kept.
  struct Moments {
    double log_z, mean, variance;  // of z itself
  };
  Moments moments(double beta, std::size_t kept) const;
  // The probability at beta, among the `kept` likeliest, of all that rank before `rank`.
  double mass_before(double beta, std::size_t kept, std::size_t rank) const;

 private:
  std::size_t rank_ = 0;
  double observed_ = 0, above_ = 0, share_ = 0;
  std::vector<double> z_;          // descending
  std::vector<std::size_t> last_;  // the rank of the last token that each stands for
};

}  // namespace kelvin
