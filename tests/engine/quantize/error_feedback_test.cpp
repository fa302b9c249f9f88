#include "engine/quantize/error_feedback.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "tests/engine/random_values.h"
#include "tests/engine/same_bits.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::kernels;

namespace {

// Of neighbours that resemble each other, some columns louder than others: x = A z with few z.
std::vector<float> moments_of(int n, int tokens) {
  test::RandomValues random(static_cast<std::uint64_t>(n));
  const std::size_t size = static_cast<std::size_t>(n);
  std::vector<double> sum(size * size);
  std::vector<double> x(size);
  for (int t = 0; t < tokens; ++t) {
    double common = 0.0;
    for (std::size_t i = 0; i < size; ++i) {
      common = 0.9 * common + random.value();
      x[i] = common * (i % 7 == 0 ? 5.0 : 1.0) + (i % 3 == 0 ? x[i / 2] : 0.0);
    }
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = i; j < size; ++j) sum[i * size + j] += x[i] * x[j];
  }
  // The lower half is not to be read.
  std::vector<float> found(size * size, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = i; j < size; ++j) found[i * size + j] = static_cast<float>(sum[i * size + j]);
  return found;
}

ErrorFeedback feedback_of(const std::vector<float>& moments, int n, float damping,
                          const Kernels& kernels = best_kernels(), int threads = 2) {
  return ErrorFeedback(moments, n, damping, kernels, threads);
}

// U, (n, n).
std::vector<double> whole(const ErrorFeedback& feedback) {
  const std::size_t n = static_cast<std::size_t>(feedback.size());
  std::vector<double> u(n * n);
  bool zeros = true;
  for (std::size_t first = 0; first < n; first += block_width) {
    const int block = static_cast<int>(first / block_width);
    const std::size_t width = std::min<std::size_t>(block_width, n - first);
    const std::span<const float> earlier = feedback.from_earlier(block), within = feedback.within(block);
    REQUIRE(earlier.size() == width * first);
    REQUIRE(within.size() == width * width);
    for (std::size_t k = 0; k < width; ++k) {
      for (std::size_t j = 0; j < first; ++j) u[j * n + first + k] = earlier[k * first + j];
      for (std::size_t j = 0; j < width; ++j) {
        if (j >= k) zeros = zeros && within[k * width + j] == 0.0f;
        u[(first + j) * n + first + k] = within[k * width + j];
      }
      u[(first + k) * n + first + k] = 1.0;
    }
  }
  CHECK(zeros);
  return u;
}

bool is_identity(const ErrorFeedback& feedback) {
  const std::vector<double> u = whole(feedback);
  const std::size_t n = static_cast<std::size_t>(feedback.size());
  for (std::size_t i = 0; i < n * n; ++i)
    if (u[i] != (i % (n + 1) == 0 ? 1.0 : 0.0)) return false;
  return true;
}

}  // namespace

TEST_CASE("U D U^T is what was factorised, the damping included") {
  struct Case {
    int n, tokens;
    float damping;
  };
  // Also with fewer tokens than columns, where the damping alone keeps the pivots positive.
  for (const Case c : {Case{1, 3, 0.01f},
                       {40, 100, 0.01f},
                       {40, 100, 0.0f},
                       {255, 300, 0.25f},
                       {256, 300, 0.01f},
                       {257, 300, 0.01f},
                       {576, 200, 0.01f},
                       {600, 700, 0.01f},
                       {896, 300, 0.02f}}) {
    CAPTURE(c.n);
    CAPTURE(c.damping);
    const std::vector<float> moments = moments_of(c.n, c.tokens);
    const ErrorFeedback feedback = feedback_of(moments, c.n, c.damping);
    REQUIRE(feedback.size() == c.n);
    const std::vector<double> u = whole(feedback);
    const std::size_t n = static_cast<std::size_t>(c.n);
    double mean = 0.0;
    for (std::size_t i = 0; i < n; ++i) mean += static_cast<double>(moments[i * n + i]) / c.n;
    // The pivots follow from U and the diagonal.
    std::vector<double> pivots(n);
    double error = 0.0;
    for (std::size_t k = n; k-- > 0;) {
      pivots[k] = moments[k * n + k] + c.damping * mean;
      for (std::size_t m = k + 1; m < n; ++m) pivots[k] -= u[k * n + m] * u[k * n + m] * pivots[m];
      CHECK(pivots[k] > 0.5 * c.damping * mean);
      std::vector<double> row(u.begin() + static_cast<std::ptrdiff_t>(k * n),
                              u.begin() + static_cast<std::ptrdiff_t>((k + 1) * n));
      for (std::size_t m = k; m < n; ++m) row[m] *= pivots[m];
      for (std::size_t j = k + 1; j < n; ++j) {
        double sum = 0.0;
        for (std::size_t m = j; m < n; ++m) sum += row[m] * u[j * n + m];
        const double scale = std::sqrt(moments[k * n + k] * moments[j * n + j]);
        error = std::max(error, std::abs(sum - moments[k * n + j]) / scale);
      }
    }
    CHECK(error < 2e-5);
  }
}

TEST_CASE("columns that have nothing to do with each other get no feedback") {
  const int n = 300;
  std::vector<float> moments(n * n);
  for (int i = 0; i < n; ++i) moments[i * (n + 1)] = 1.0f + static_cast<float>(i);
  CHECK(is_identity(feedback_of(moments, n, 0.01f)));
}

TEST_CASE("two columns: the error is passed on as far as they are alike") {
  const std::vector<float> moments = {4.0f, 3.0f, 3.0f, 9.0f};
  const ErrorFeedback feedback = feedback_of(moments, 2, 0.0f);
  CHECK(feedback.within(0)[2] == doctest::Approx(3.0 / 9.0));
  const ErrorFeedback damped = feedback_of(moments, 2, 0.5f);
  CHECK(damped.within(0)[2] == doctest::Approx(3.0 / (9.0 + 0.5 * 6.5)));
}

TEST_CASE("the scale of the inputs does not matter") {
  const std::vector<float> moments = moments_of(300, 400);
  const std::vector<double> expected = whole(feedback_of(moments, 300, 0.01f));
  for (const float scale : {0x1p-80f, 0x1p60f}) {
    std::vector<float> scaled = moments;
    for (float& m : scaled) m *= scale;
    CHECK(whole(feedback_of(scaled, 300, 0.01f)) == expected);
  }
}

TEST_CASE("a column that never held anything neither gives nor takes") {
  const int n = 300;
  std::vector<float> moments = moments_of(n, 400);
  for (int i = 0; i < n; ++i) moments[i * n + 270] = moments[270 * n + i] = 0.0f;
  const std::vector<double> u = whole(feedback_of(moments, n, 0.01f));
  for (int i = 0; i < n; ++i) {
    CHECK(u[static_cast<std::size_t>(i * n + 270)] == (i == 270 ? 1.0 : 0.0));
    CHECK(u[static_cast<std::size_t>(270 * n + i)] == (i == 270 ? 1.0 : 0.0));
  }
}

TEST_CASE("moments that are none give no feedback, singular ones more damping") {
  const int n = 300;
  const std::vector<float> good = moments_of(n, 400);
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  CHECK(is_identity(feedback_of(std::vector<float>(n * n), n, 0.01f)));
  for (const float bad : {nan, infinity, -infinity})
    for (const int at : {0, 7 * n + 7, 3 * n + 290, 5 * n + 20, 280 * n + 281}) {
      std::vector<float> moments = good;
      moments[static_cast<std::size_t>(at)] = bad;
      CHECK(is_identity(feedback_of(moments, n, 0.01f)));
    }
  std::vector<float> negative = good;
  for (float& m : negative) m = -m;
  CHECK(is_identity(feedback_of(negative, n, 0.01f)));
  // Of rank 1.
  const std::vector<float> ones(n * n, 1.0f);
  const std::vector<double> u = whole(feedback_of(ones, n, 0.0f));
  CHECK(u == whole(feedback_of(ones, n, 1e-4f)));
  CHECK_FALSE(is_identity(feedback_of(ones, n, 0.0f)));
}

TEST_CASE("the same bits for every table and number of threads") {
  for (const int n : {40, 700}) {
    const std::vector<float> moments = moments_of(n, 300);
    const std::vector<double> expected = whole(feedback_of(moments, n, 0.01f, scalar_kernels, 1));
    for (const Kernels* table : test::tables_for(Storage::f32))
      for (const int threads : {1, 3})
        CHECK(whole(feedback_of(moments, n, 0.01f, *table, threads)) == expected);
  }
}
