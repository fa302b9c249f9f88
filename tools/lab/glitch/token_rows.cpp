#include "tools/lab/glitch/token_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/platform/in_parallel.h"
#include "engine/weights/weights.h"

namespace kelvin {
namespace {

constexpr int block_rows = 1024;
constexpr std::size_t lanes = 8;

std::size_t blocks_of(int rows) { return static_cast<std::size_t>((rows + block_rows - 1) / block_rows); }

// Calls work(row, values) for the rows of one block.
template <class Work>
void for_rows(const Matrix& matrix, int rows, std::size_t block, const Work& work) {
  std::vector<float> values(static_cast<std::size_t>(matrix.cols));
  const int first = static_cast<int>(block) * block_rows;
  for (int row = first; row < std::min(rows, first + block_rows); ++row) {
    read_row(matrix, row, values.data());
    work(row, std::span<const float>(values));
  }
}

double sum_of(const std::array<double, lanes>& s) {
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

// Products of a row x with itself, with its distance d = x - c from the centroid c, and with a direction u.
struct Products {
  double xx, dd, xc, du;
};

Products products_of(std::span<const float> x, std::span<const double> c, std::span<const double> u) {
  std::array<double, lanes> xx{}, dd{}, xc{}, du{};
  const std::size_t whole = x.size() / lanes * lanes;
  const auto take = [&](std::size_t i, std::size_t lane) {
    const double value = x[i], d = value - c[i];
    xx[lane] += value * value;
    dd[lane] += d * d;
    xc[lane] += value * c[i];
    du[lane] += d * u[i];
  };
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) take(i + lane, lane);
  for (std::size_t i = whole; i < x.size(); ++i) take(i, i - whole);
  return {sum_of(xx), sum_of(dd), sum_of(xc), sum_of(du)};
}

float cosine(double product, double a, double b) {
  return a > 0 && b > 0 ? static_cast<float>(product / (a * b)) : 0.0f;
}

// One principal component of `rows` (count x cols, centred), orthogonal to those before it. Returns the
// variance along it.
double principal_component(std::span<const float> rows, std::size_t cols, std::vector<double>& v,
                           const std::vector<std::vector<double>>& before) {
  const std::size_t count = rows.size() / cols;
  for (std::size_t i = 0; i < cols; ++i) v[i] = 1.0 / static_cast<double>(1 + (i * 2654435761u) % 1009);
  // Makes v a unit vector across the earlier components; false if nothing is left of it.
  const auto normalise = [&] {
    for (const auto& other : before) {
      const double along = std::inner_product(v.begin(), v.end(), other.begin(), 0.0);
      for (std::size_t i = 0; i < cols; ++i) v[i] -= along * other[i];
    }
    const double length = length_of(v);
    if (length > 0)
      for (double& x : v) x /= length;
    return length > 0;
  };
  double variance = 0;
  bool settled = false;
  for (int round = 0; round < 100 && !settled; ++round) {
    if (!normalise()) return 0;
    std::vector<double> next(cols, 0.0);
    double square = 0;
    for (std::size_t r = 0; r < count; ++r) {
      const std::span<const float> row = rows.subspan(r * cols, cols);
      double dot = 0;
      for (std::size_t i = 0; i < cols; ++i) dot += row[i] * v[i];
      for (std::size_t i = 0; i < cols; ++i) next[i] += dot * row[i];
      square += dot * dot;
    }
    settled = std::fabs(square - variance) <= 1e-7 * square;
    variance = square;
    v = next;
  }
  normalise();
  const auto largest =
      std::max_element(v.begin(), v.end(), [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  if (*largest < 0)
    for (double& x : v) x = -x;
  return variance;
}

}  // namespace

double length_of(std::span<const double> v) {
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

std::vector<double> centroid_of(const Matrix& matrix, int rows, int threads) {
  const auto cols = static_cast<std::size_t>(matrix.cols);
  std::vector<std::vector<double>> sums(blocks_of(rows), std::vector<double>(cols, 0.0));
  in_parallel(sums.size(), threads, [&](std::size_t block) {
    for_rows(matrix, rows, block, [&](int, std::span<const float> x) {
      for (std::size_t i = 0; i < cols; ++i) sums[block][i] += x[i];
    });
  });
  std::vector<double> centroid(cols, 0.0);
  for (const auto& sum : sums)
    for (std::size_t i = 0; i < cols; ++i) centroid[i] += sum[i];
  for (double& x : centroid) x /= rows;
  return centroid;
}

std::vector<RowGeometry> row_geometry(const Matrix& matrix, int rows, std::span<const double> centroid,
                                      std::span<const double> direction, int threads) {
  const std::vector<double> none(direction.empty() ? centroid.size() : 0, 0.0);
  const std::span<const double> u = direction.empty() ? std::span<const double>(none) : direction;
  const double c_length = length_of(centroid), u_length = length_of(u);
  std::vector<RowGeometry> geometry(static_cast<std::size_t>(rows));
  in_parallel(blocks_of(rows), threads, [&](std::size_t block) {
    for_rows(matrix, rows, block, [&](int row, std::span<const float> x) {
      const Products p = products_of(x, centroid, u);
      const double norm = std::sqrt(p.xx), distance = std::sqrt(p.dd);
      geometry[static_cast<std::size_t>(row)] = {static_cast<float>(distance), cosine(p.xc, norm, c_length),
                                                 static_cast<float>(norm), cosine(p.du, distance, u_length)};
    });
  });
  return geometry;
}

std::vector<double> common_direction(const Matrix& matrix, std::span<const int> rows,
                                     std::span<const double> centroid) {
  std::vector<double> direction(centroid.size(), 0.0), away(centroid.size());
  std::vector<float> x(centroid.size());
  for (const int row : rows) {
    read_row(matrix, row, x.data());
    for (std::size_t i = 0; i < x.size(); ++i) away[i] = x[i] - centroid[i];
    const double length = length_of(away);
    if (length > 0)
      for (std::size_t i = 0; i < x.size(); ++i)
        direction[i] += away[i] / length / static_cast<double>(rows.size());
  }
  return direction;
}

Projection principal_projection(const Matrix& matrix, int rows, std::span<const double> centroid,
                                int threads) {
  const auto cols = static_cast<std::size_t>(matrix.cols);
  const int sampled = std::min(rows, 4096);
  std::vector<float> sample(static_cast<std::size_t>(sampled) * cols);
  double total = 0;
  for (int i = 0; i < sampled; ++i) {
    const std::span<float> row = std::span(sample).subspan(static_cast<std::size_t>(i) * cols, cols);
    read_row(matrix, static_cast<int>(static_cast<std::int64_t>(i) * rows / sampled), row.data());
    for (std::size_t k = 0; k < cols; ++k) {
      row[k] = static_cast<float>(row[k] - centroid[k]);
      total += row[k] * row[k];
    }
  }
  std::vector<std::vector<double>> components;
  Projection projection{std::vector<std::array<float, 2>>(static_cast<std::size_t>(rows)), {}, {}};
  for (std::size_t k = 0; k < 2; ++k) {
    std::vector<double> v(cols);
    const double variance = principal_component(sample, cols, v, components);
    projection.share[k] = total > 0 ? variance / total : 0;
    components.push_back(std::move(v));
  }
  in_parallel(blocks_of(rows), threads, [&](std::size_t block) {
    for_rows(matrix, rows, block, [&](int row, std::span<const float> x) {
      for (std::size_t k = 0; k < 2; ++k) {
        const Products p = products_of(x, centroid, components[k]);
        projection.at[static_cast<std::size_t>(row)][k] = static_cast<float>(p.du);
      }
    });
  });
  projection.component = std::move(components[0]);
  return projection;
}

}  // namespace kelvin
