// The indicators that magikarp publishes (Land and Bartolo 2024, arXiv 2405.05417), computed on the same rows, so that two
// searches for untrained tokens can be compared.
#pragma once

#include <span>
#include <vector>

#include "engine/weights/weights.h"

namespace kelvin {

// Distances between a row of the output layer and the mean of rows that are known to be unused; small: suspicious.
struct MagikarpIndicators {
  float cosine;                   // 1 - cosine
  float cosine_without_first_pc;  // after the rows' first principal component is taken out of both
  float l2;                       // Euclidean
};

// Of the first `rows` rows, more than `unused` names. first_pc: a unit vector, (cols,).
std::vector<MagikarpIndicators> magikarp_indicators(const Matrix& matrix, int rows,
                                                    std::span<const int> unused,
                                                    std::span<const double> first_pc, int threads);

// Spearman's rank correlation of two scores of the same tokens; ties share the mean of their ranks.
double rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace kelvin
