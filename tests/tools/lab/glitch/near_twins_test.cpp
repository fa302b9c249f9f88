#include "tools/lab/glitch/near_twins.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "tools/lab/glitch/token_rows.h"

namespace kelvin {
namespace {

// 3000 rows of 64 normal numbers; the rows named become one of them, moved by `apart` in each number.
struct Scattered {
  std::vector<float> values;
  Matrix matrix;
  Scattered(const std::vector<int>& twins, float apart, float offset = 0) {
    std::mt19937_64 random(5);
    std::normal_distribution<float> normal;
    for (int i = 0; i < 3000 * 64; ++i) values.push_back(normal(random) + offset);
    for (const int row : twins)
      for (int i = 0; i < 64; ++i)
        values[static_cast<std::size_t>(row * 64 + i)] =
            values[static_cast<std::size_t>(17 * 64 + i)] + (row == 17 ? 0 : apart * normal(random));
    matrix.storage = Storage::f32;
    matrix.rows = 3000;
    matrix.cols = 64;
    matrix.data = values.data();
  }
  std::optional<TwinCluster> tightest(int threads = 2) const {
    const auto centroid = centroid_of(matrix, 3000, threads);
    return tightest_twins(matrix, 3000, centroid, distances_to(matrix, 3000, centroid, threads), threads);
  }
};

const std::vector<int> planted = {17, 40, 99, 1000, 1001, 1500, 2222, 2500, 2998, 2999};

TEST_CASE("a planted cluster of near-twins is found, with how tight it is, on any number of threads") {
  for (const float apart : {0.0f, 0.01f, 0.04f}) {
    CAPTURE(apart);
    const Scattered rows(planted, apart, 0.5f);
    const auto found = rows.tightest(), other = rows.tightest(1);
    REQUIRE(found);
    CHECK(found->rows == planted);
    // Rows lie sqrt(64) from the centroid; two that were each moved by `apart` in 64 numbers, sqrt(128) times that apart.
    CHECK(found->typical == doctest::Approx(8).epsilon(0.03));
    CHECK(found->reach == doctest::Approx(0.1 * found->typical));
    CHECK(found->seventh <= 1.1 * std::sqrt(128.0) * static_cast<double>(apart));
    CHECK(found->largest >= found->seventh);
    CHECK(std::binary_search(planted.begin(), planted.end(), found->centre));
    CHECK(found->mean.size() == 64);
    CHECK(found->mean[3] == doctest::Approx(static_cast<double>(rows.values[17 * 64 + 3])).epsilon(0.2));
    CHECK(other->centre == found->centre);
    CHECK(other->seventh == found->seventh);
  }
}

TEST_CASE("seven twins are too few, and rows that differ are no twins") {
  CHECK(!Scattered({17, 40, 99, 1000, 1001, 1500, 2222}, 0).tightest());
  CHECK(Scattered({17, 40, 99, 1000, 1001, 1500, 2222, 2500}, 0).tightest());
  CHECK(!Scattered(planted, 0.5f).tightest());
  CHECK(!Scattered({}, 0).tightest());
}

TEST_CASE("a cluster of most rows") {
  std::vector<int> many;
  for (int row = 0; row < 1200; ++row) many.push_back(row * 2 + 17);
  const auto found = Scattered(many, 0.01f).tightest();
  REQUIRE(found);
  CHECK(found->rows == many);
}

}  // namespace
}  // namespace kelvin
