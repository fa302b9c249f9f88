// With what was a text sampled? Every sampler that cuts the tail off leaves a mark: no token beyond its cut. One that
// came excludes all tighter cuts outright; over the others the likelihood decides. Cuts are those of Kelvin's default
// order, on the model's own distribution, before the temperature.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/lab/forensics/ranked_step.h"

namespace kelvin {

enum class Cut { none, top_k, top_p, min_p };
const char* name_of(Cut cut);  // "temp alone", "top-k", "top-p", "min-p"

// The best of one kind. The likelihood rises up to the tightest cut that no token contradicts, so that this is the best;
// how far beyond it the true one may be is where the likelihood has fallen by ln 20 (95 %, as of the end of a uniform
// distribution).
struct CutFit {
  Cut cut;
  double parameter;         // the tightest possible: the smallest k or p, the largest min-p; NaN for none
  double loosest;           // 95 %; NaN for none
  double beta, beta_error;  // beta is +-40 where the likelihood still rises there
  double log_likelihood;    // nats
  // Kolmogorov's test that the randomised probability integral transform of the tokens is uniform: small where no
  // temperature fits with this cut. Beta was fitted to the same tokens, so that it is rather too large.
  double fit_p;
};

struct Forensics {
  std::vector<CutFit> fits;  // in the order of Cut
  std::size_t
      best;  // of fits: `none`, unless a cut gains more than ln 300 in likelihood, as chance does once in a hundred texts
  // By how much the likelihood of the best exceeds that of the next kind, nats.
  double lead;
};

// steps: at least one. `seed` of the randomised transform.
Forensics infer_sampler(std::span<const RankedStep> steps, std::uint64_t seed = 0, int threads = 1);

// What it means, in sentences.
std::string in_words(const Forensics& found);
std::string forensics_table(const Forensics& found);
// A line for each kind, and a last one: the best, T, T_se, its parameter, in words.
std::string forensics_json(const Forensics& found, std::size_t steps);

// The chance that Kolmogorov's statistic of n values is at least `d` (Stephens 1970).
double kolmogorov_p(double d, std::size_t n);

}  // namespace kelvin
