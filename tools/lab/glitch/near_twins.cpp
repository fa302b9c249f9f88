#include "tools/lab/glitch/near_twins.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "engine/platform/in_parallel.h"
#include "sampling/noise.h"
#include "tools/lab/glitch/token_rows.h"

namespace kelvin {
namespace {

constexpr std::size_t tables = 4, bits = 16, smallest_cluster = 8;
constexpr std::size_t compared = 8, max_seeds = 8;
constexpr int rows_at_once = 1024;

std::vector<double> row_of(const Matrix& matrix, int row) {
  std::vector<float> values(static_cast<std::size_t>(matrix.cols));
  read_row(matrix, row, values.data());
  return {values.begin(), values.end()};
}

template <class Number>
double square_between(const Number* a, const Number* b, std::size_t n) {
  std::array<double, 8> sums{};
  for (std::size_t i = 0; i < n; ++i) {
    const double away = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sums[i % sums.size()] += away * away;
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

// Which of the sums a column of the matrix is added to, and with which sign.
struct Term {
  std::uint8_t sum;
  bool negative;
};
std::vector<Term> terms_of(std::size_t cols, std::size_t table) {
  const Noise noise(0, 0x7477696e, table);
  std::vector<Term> terms;
  for (std::size_t i = 0; i < cols; ++i) {
    const std::uint64_t word = noise.bits(static_cast<int>(i));
    terms.push_back({static_cast<std::uint8_t>(word >> 32 & (bits - 1)), (word >> 60 & 1) == 1});
  }
  return terms;
}

// (tables, rows): the signs of `bits` sums of the row's way from the centroid.
std::vector<std::vector<std::uint16_t>> hashes_of(const Matrix& matrix, int rows,
                                                  std::span<const double> centroid, int threads) {
  std::vector<std::vector<Term>> terms;
  for (std::size_t t = 0; t < tables; ++t) terms.push_back(terms_of(centroid.size(), t));
  std::vector<std::vector<std::uint16_t>> hashes(tables,
                                                 std::vector<std::uint16_t>(static_cast<std::size_t>(rows)));
  in_parallel(static_cast<std::size_t>((rows + rows_at_once - 1) / rows_at_once), threads,
              [&](std::size_t block) {
                std::vector<float> values(centroid.size());
                const int first = static_cast<int>(block) * rows_at_once;
                for (int row = first; row < std::min(rows, first + rows_at_once); ++row) {
                  read_row(matrix, row, values.data());
                  for (std::size_t t = 0; t < tables; ++t) {
                    std::array<double, bits> sums{};
                    for (std::size_t i = 0; i < values.size(); ++i) {
                      const double away = values[i] - centroid[i];
                      sums[terms[t][i].sum] += terms[t][i].negative ? -away : away;
                    }
                    unsigned hash = 0;
                    for (std::size_t b = 0; b < bits; ++b) hash |= sums[b] > 0 ? 1u << b : 0u;
                    hashes[t][static_cast<std::size_t>(row)] = static_cast<std::uint16_t>(hash);
                  }
                }
              });
  return hashes;
}

struct Seed {
  double square;  // to the third neighbour in the bucket: of eight twins some may have got another hash
  int row;
  bool operator<(const Seed& other) const {
    return square != other.square ? square < other.square : row < other.row;
  }
};

// The best of one bucket, ascending by distance from the centroid: twins stand together there, so that each row is compared
// with those around it alone.
Seed seed_of(const Matrix& matrix, std::span<const int> bucket) {
  const auto cols = static_cast<std::size_t>(matrix.cols);
  std::vector<float> rows(bucket.size() * cols);
  for (std::size_t i = 0; i < bucket.size(); ++i) read_row(matrix, bucket[i], rows.data() + i * cols);
  std::vector<std::array<double, 4>> nearest(bucket.size(), {INFINITY, INFINITY, INFINITY, INFINITY});
  const auto add = [&](std::size_t i, double square) {
    if (square >= nearest[i][3]) return;
    nearest[i][3] = square;
    for (std::size_t k = 3; k > 0 && nearest[i][k] < nearest[i][k - 1]; --k)
      std::swap(nearest[i][k], nearest[i][k - 1]);
  };
  for (std::size_t i = 0; i < bucket.size(); ++i)
    for (std::size_t j = i + 1; j < std::min(bucket.size(), i + 1 + compared); ++j) {
      const double square = square_between(rows.data() + i * cols, rows.data() + j * cols, cols);
      add(i, square);
      add(j, square);
    }
  Seed best{INFINITY, bucket[0]};
  for (std::size_t i = 0; i < bucket.size(); ++i) best = std::min(best, Seed{nearest[i][2], bucket[i]});
  return best;
}

std::vector<Seed> seeds_of(const Matrix& matrix, int rows, std::span<const double> centroid,
                           std::span<const float> distances, int threads) {
  const auto nearer = [&](int a, int b) {
    const float x = distances[static_cast<std::size_t>(a)], y = distances[static_cast<std::size_t>(b)];
    return x != y ? x < y : a < b;
  };
  std::vector<Seed> seeds;
  for (const std::vector<std::uint16_t>& hashes : hashes_of(matrix, rows, centroid, threads)) {
    std::vector<std::vector<int>> buckets(std::size_t{1} << bits);
    for (int row = 0; row < rows; ++row) buckets[hashes[static_cast<std::size_t>(row)]].push_back(row);
    std::erase_if(buckets, [](const auto& bucket) { return bucket.size() < 4; });
    const std::size_t before = seeds.size();
    seeds.resize(before + buckets.size());
    in_parallel(buckets.size(), threads, [&](std::size_t i) {
      std::sort(buckets[i].begin(), buckets[i].end(), nearer);
      seeds[before + i] = seed_of(matrix, buckets[i]);
    });
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

}  // namespace

std::vector<float> distances_to(const Matrix& matrix, int rows, std::span<const double> point, int threads) {
  std::vector<float> distances;
  for (const RowGeometry& row : row_geometry(matrix, rows, point, {}, threads))
    distances.push_back(row.distance);
  return distances;
}

std::optional<TwinCluster> tightest_twins(const Matrix& matrix, int rows, std::span<const double> centroid,
                                          std::span<const float> distances, int threads) {
  if (rows < static_cast<int>(2 * smallest_cluster)) return std::nullopt;
  std::vector<float> sorted(distances.begin(), distances.end());
  std::nth_element(sorted.begin(), sorted.begin() + rows / 2, sorted.end());
  const double typical = sorted[static_cast<std::size_t>(rows / 2)], reach = near_share * typical;
  TwinCluster best;
  std::vector<std::vector<double>> tried;
  for (const Seed& seed : seeds_of(matrix, rows, centroid, distances, threads)) {
    if (seed.square > reach * reach || tried.size() == max_seeds) break;
    std::vector<double> point = row_of(matrix, seed.row);
    const bool known = std::any_of(tried.begin(), tried.end(), [&](const std::vector<double>& other) {
      return square_between(point.data(), other.data(), point.size()) <= reach * reach;
    });
    if (known) continue;
    const std::vector<float> away = distances_to(matrix, rows, point, threads);
    tried.push_back(std::move(point));
    sorted = away;
    std::nth_element(sorted.begin(), sorted.begin() + (smallest_cluster - 1), sorted.end());
    const double seventh = sorted[smallest_cluster - 1];  // the first is the seed itself
    if (seventh > reach || (!best.rows.empty() && seventh >= best.seventh)) continue;
    best = {seed.row, {}, seventh, 0, reach, typical, {}};
    for (int row = 0; row < rows; ++row) {
      const double distance = away[static_cast<std::size_t>(row)];
      if (distance > reach) continue;
      best.rows.push_back(row);
      best.largest = std::max(best.largest, distance);
    }
  }
  if (best.rows.empty()) return std::nullopt;
  best.mean.assign(centroid.size(), 0.0);
  for (const int row : best.rows) {
    const std::vector<double> values = row_of(matrix, row);
    for (std::size_t i = 0; i < values.size(); ++i)
      best.mean[i] += values[i] / static_cast<double>(best.rows.size());
  }
  return best;
}

}  // namespace kelvin
