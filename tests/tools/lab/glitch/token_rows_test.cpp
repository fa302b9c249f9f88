#include "tools/lab/glitch/token_rows.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

namespace kelvin {
namespace {

// 500 rows around (5, -2, 1, 0) that spread along (3, 4, 0, 0) / 5 by 2, along the third axis by 1, else by
// 0.1.
struct Cloud {
  std::vector<float> values;
  Matrix matrix;
  Cloud() {
    std::mt19937_64 random(3);
    std::normal_distribution<float> normal;
    for (int row = 0; row < 500; ++row) {
      const float a = 2 * normal(random), b = normal(random), c = 0.1f * normal(random),
                  d = 0.1f * normal(random);
      for (const float x : {5 + 0.6f * a - 0.8f * c, -2 + 0.8f * a + 0.6f * c, 1 + b, d}) values.push_back(x);
    }
    matrix.storage = Storage::f32;
    matrix.rows = 500;
    matrix.cols = 4;
    matrix.data = values.data();
  }
};

TEST_CASE("principal components lie where the rows spread most, as unit vectors") {
  const Cloud cloud;
  const auto centroid = centroid_of(cloud.matrix, 500, 2);
  CHECK(centroid[0] == doctest::Approx(5).epsilon(0.05));
  const Projection projection = principal_projection(cloud.matrix, 500, centroid, 2);
  double first = 0, second = 0, total = 0;
  for (std::size_t r = 0; r < 500; ++r) {
    double away[4];
    for (std::size_t i = 0; i < 4; ++i) {
      away[i] = cloud.values[4 * r + i] - centroid[i];
      total += away[i] * away[i];
    }
    // A tenth of the spread leaks between the axes of a finite sample.
    CHECK(std::fabs(projection.at[r][0] - (0.6 * away[0] + 0.8 * away[1])) < 0.5);
    CHECK(std::fabs(std::fabs(projection.at[r][1]) - std::fabs(away[2])) < 0.7);
    first += projection.at[r][0] * projection.at[r][0];
    second += projection.at[r][1] * projection.at[r][1];
  }
  CHECK(projection.share[0] == doctest::Approx(first / total).epsilon(1e-4));
  CHECK(projection.share[1] == doctest::Approx(second / total).epsilon(1e-4));
  CHECK(projection.share[0] > 0.7);
  CHECK(projection.share[0] + projection.share[1] > 0.99);
}

TEST_CASE("rows without spread have no components, and no NaN") {
  std::vector<float> same(12, 1.5f);
  Matrix matrix;
  matrix.storage = Storage::f32;
  matrix.rows = 4;
  matrix.cols = 3;
  matrix.data = same.data();
  const auto centroid = centroid_of(matrix, 4, 1);
  const Projection projection = principal_projection(matrix, 4, centroid, 1);
  for (const auto& at : projection.at) CHECK((at[0] == 0 && at[1] == 0));
  CHECK(projection.share[0] == 0);
  const auto geometry = row_geometry(matrix, 4, centroid, std::vector<double>{1, 0, 0}, 1);
  CHECK(geometry[2].distance == 0);
  CHECK(geometry[2].alignment == 0);
  CHECK(geometry[2].cosine == doctest::Approx(1));
}

TEST_CASE("rows of one direction share it whole, opposite ones not at all") {
  const std::vector<float> rows = {1, 1, 3, 3, 0.5f, 0.5f, -2, -2};
  Matrix matrix;
  matrix.storage = Storage::f32;
  matrix.rows = 4;
  matrix.cols = 2;
  matrix.data = rows.data();
  const std::vector<double> origin = {0, 0};
  const auto length = [&](const std::vector<int>& ids) {
    const auto v = common_direction(matrix, ids, origin);
    return std::hypot(v[0], v[1]);
  };
  CHECK(length({0, 1, 2}) == doctest::Approx(1));
  CHECK(length({0, 3}) == doctest::Approx(0));
  const auto geometry =
      row_geometry(matrix, 4, origin, common_direction(matrix, std::vector<int>{0, 1}, origin), 1);
  CHECK(geometry[2].alignment == doctest::Approx(1));
  CHECK(geometry[3].alignment == doctest::Approx(-1));
}

}  // namespace
}  // namespace kelvin
