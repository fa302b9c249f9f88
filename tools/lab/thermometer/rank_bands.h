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

// Over many steps.
struct BandSummary {
  RankBand band;
  double agreement, agreement_error;  // mean and its standard error
  double correlation;                 // mean
  double median_error;                // median over steps
  double by_chance;                   // agreement of a shuffled band: size / vocabulary
  bool signal;                        // agreement exceeds that by more than three standard errors
};
std::vector<BandSummary> summarise_bands(std::span<const RankBand> bands,
                                         const std::vector<std::vector<BandComparison>>& steps,
                                         std::size_t vocabulary);

// Kullback-Leibler divergence sum p_a ln(p_a / p_b) at beta 1, nats; a, b: (vocabulary,).
double kl_of_rows(std::span<const float> a, std::span<const float> b);

}  // namespace kelvin
