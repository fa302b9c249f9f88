// Geometry of the rows of an embedding or an output layer: where tokens lie around their centroid.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "engine/weights/weights.h"

namespace kelvin {

double length_of(std::span<const double> v);

// Mean of the first `rows` rows, shape (cols,). The sum runs in blocks of rows of fixed size: the same for
// any number of threads.
std::vector<double> centroid_of(const Matrix& matrix, int rows, int threads);

struct RowGeometry {
  float distance;   // |row - centroid|
  float cosine;     // of row and centroid; 0 where either has no length
  float norm;       // |row|
  float alignment;  // cosine of row - centroid and a direction; 0 where either has no length or there is no
                    // direction
};

// Of the first `rows` rows. centroid: (cols,); direction: (cols,) or empty.
std::vector<RowGeometry> row_geometry(const Matrix& matrix, int rows, std::span<const double> centroid,
                                      std::span<const double> direction, int threads);

// Mean of the unit vectors from the centroid to the rows named, shape (cols,): long where they all lie in one
// direction.
std::vector<double> common_direction(const Matrix& matrix, std::span<const int> rows,
                                     std::span<const double> centroid);

// The first two principal components of the rows around the centroid, and where every row lies on them. The
// components are those of up to 4096 rows evenly spread over the vocabulary (power iteration); each points to
// where its largest entry is positive.
struct Projection {
  std::vector<std::array<float, 2>> at;  // (rows,)
  std::array<double, 2> share;           // of the variance of those rows
  std::vector<double> component;         // the first one, (cols,)
};
Projection principal_projection(const Matrix& matrix, int rows, std::span<const double> centroid,
                                int threads);

}  // namespace kelvin
