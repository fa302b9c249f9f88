// Rows that are all but the same. Training moves rows apart; those that it never reaches stay where they were put, or all go
// the same way, so that the tightest cluster of near-twins is what a row that was never trained looks like.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/weights/weights.h"

namespace kelvin {

struct TwinCluster {
  int centre = 0;            // the row with the nearest seventh neighbour
  std::vector<int> rows;     // ascending; within `reach` of the centre, itself included
  double seventh = 0;        // from the centre to its seventh neighbour
  double largest = 0;        // from the centre to the farthest of `rows`
  double reach = 0;          // what counts as near: near_share x typical
  double typical = 0;        // the median distance of all rows from their centroid
  std::vector<double> mean;  // of `rows`, (cols,)
};

// Of the median distance from the centroid: what near-twins may be apart.
inline constexpr double near_share = 0.1;

// Of the clusters of at least eight rows within `reach` of one of them, the one whose seventh neighbour is nearest. Nothing
// if there is none. distances: (rows,), of each row to the centroid. Rows are first sorted by four hashes of 16 signs
// (random projections: Charikar 2002), so that a cluster of rows which are equal is always found, one of ten rows at a
// twentieth of the median distance nearly always. The same for any number of threads.
std::optional<TwinCluster> tightest_twins(const Matrix& matrix, int rows, std::span<const double> centroid,
                                          std::span<const float> distances, int threads);

// Of the first `rows` rows to a point, shape (cols,).
std::vector<float> distances_to(const Matrix& matrix, int rows, std::span<const double> point, int threads);

}  // namespace kelvin
