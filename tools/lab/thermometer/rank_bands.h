// Is the order of a distribution's tokens signal or noise? Two rows of logits that should be equal but for
// numerical detail, compared band by band of ranks.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace kelvin {

// Ranks `first` to `last` (both included) from 1, counted from the likeliest, or from the least likely.
struct RankBand {
  std::size_t first, last;
  bool from_end;
  std::size_t size() const { return last - first + 1; }
  std::string name() const;  // "top 2-10", "last 1"
};

// Top 1, 2-10, 11-100, ... and the same from the end, each half of the vocabulary covered once; no band is
// smaller than the one nearer to its end.
std::vector<RankBand> rank_bands(std::size_t vocabulary);

// One step.
struct BandComparison {
  double agreement;     // share of the band's tokens that stand in the same band of the other row
  double correlation;   // Spearman's, of the ranks of the band's tokens in both rows; NaN for one token
  double median_error;  // of |z_a - z_b| over the band's tokens
};
// a, b: (vocabulary,), without NaN; equal logits rank by id. Bands are those of `a`.
std::vector<BandComparison> compare_bands(std::span<const float> a, std::span<const float> b,
                                          std::span<const RankBand> bands);

// Noise: a shuffle keeps as many of the band's tokens with a probability that may exceed 0.13 %, the tail beyond three
// standard deviations (Chernoff's bound on a Poisson variable, which a shuffle is more regular than). Strong: more is kept
// than half of what a shuffle would lose, by three standard errors and by the interval of Agresti and Coull (1998). Weak:
// between.
enum class Strength { noise, weak, strong };
const char* name_of(Strength strength);

// Over many steps.
struct BandSummary {
  RankBand band;
  double agreement, agreement_error;  // mean and its standard error
  double correlation;                 // mean
  double median_error;                // median over steps
  double by_chance;                   // agreement of a shuffled band: size / vocabulary
  double kept, kept_error;  // (agreement - by_chance) / (1 - by_chance): 0 for a shuffle, 1 for no change
  Strength strength;
};
// steps: (draws, tokens), all tokens of the first draw first. The draws of a token err together, and so do neighbouring
// tokens: the error is the largest of that of independent tokens, of that of up to twelve batches of consecutive ones, and
// of that of draws from an urn, with two kept and two lost ones added, where hardly anything varied.
std::vector<BandSummary> summarise_bands(std::span<const RankBand> bands,
                                         const std::vector<std::vector<BandComparison>>& steps,
                                         std::size_t vocabulary, std::size_t draws = 1);

// Kullback-Leibler divergence sum p_a ln(p_a / p_b) at beta 1, nats; a, b: (vocabulary,).
double kl_of_rows(std::span<const float> a, std::span<const float> b);

}  // namespace kelvin
