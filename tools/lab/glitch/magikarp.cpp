#include "tools/lab/glitch/magikarp.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/platform/in_parallel.h"

namespace kelvin {
namespace {

double product(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<double> without(std::span<const double> v, std::span<const double> direction) {
  const double along = product(v, direction);
  std::vector<double> rest(v.begin(), v.end());
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= along * direction[i];
  return rest;
}

double cosine_distance(std::span<const double> a, std::span<const double> b) {
  return 1 - product(a, b) / std::max(1e-6, std::sqrt(product(a, a) * product(b, b)));
}

std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return values[a] != values[b] ? values[a] < values[b] : a < b;
  });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = 0.5 * static_cast<double>(begin + end - 1);
  }
  return ranks;
}

}  // namespace

std::vector<MagikarpIndicators> magikarp_indicators(const Matrix& matrix, int rows,
                                                    std::span<const int> unused,
                                                    std::span<const double> first_pc, int threads) {
  const auto cols = static_cast<std::size_t>(matrix.cols);
  const auto read = [&](int row, std::vector<float>& buffer) {
    buffer.resize(cols);
    read_row(matrix, row, buffer.data());
    return std::vector<double>(buffer.begin(), buffer.end());
  };
  std::vector<double> mean(cols, 0.0);
  std::vector<float> buffer;
  for (const int row : unused) {
    const std::vector<double> x = read(row, buffer);
    for (std::size_t i = 0; i < cols; ++i) mean[i] += x[i] / static_cast<double>(unused.size());
  }
  const std::vector<double> mean_rest = without(mean, first_pc);
  std::vector<MagikarpIndicators> found(static_cast<std::size_t>(rows));
  constexpr std::size_t at_once = 1024;
  in_parallel((found.size() + at_once - 1) / at_once, threads, [&](std::size_t part) {
    std::vector<float> values;
    for (std::size_t row = part * at_once; row < std::min(found.size(), (part + 1) * at_once); ++row) {
      const std::vector<double> x = read(static_cast<int>(row), values);
      double square = 0;
      for (std::size_t i = 0; i < cols; ++i) square += (x[i] - mean[i]) * (x[i] - mean[i]);
      found[row] = {static_cast<float>(cosine_distance(x, mean)),
                    static_cast<float>(cosine_distance(without(x, first_pc), mean_rest)),
                    static_cast<float>(std::sqrt(square))};
    }
  });
  return found;
}

double rank_correlation(std::span<const double> a, std::span<const double> b) {
  const std::vector<double> x = ranks_of(a), y = ranks_of(b);
  const double middle = 0.5 * (static_cast<double>(a.size()) - 1);
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - middle) * (y[i] - middle);
    xx += (x[i] - middle) * (x[i] - middle);
    yy += (y[i] - middle) * (y[i] - middle);
  }
  return xy / std::sqrt(xx * yy);
}

}  // namespace kelvin
