// Packing: the same bytes from every table and number of threads, and errors as small as the search promises.
#include "engine/quantize/quantize.h"
#include "engine/platform/thread_team.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/kernels/packed_formats.h"
#include "engine/quantize/error_feedback.h"
#include "tests/engine/quantized_support.h"
#include "tests/engine/random_values.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::kernels;
using test::RandomValues;

namespace {

const std::vector<Storage> formats = test::packed_storages();

std::vector<std::byte> packed(Storage format, const Matrix& m, const QuantizedKernels& table, int threads) {
  std::vector<std::byte> bytes(packed_bytes(format, m.rows, m.cols));
  ThreadTeam team(threads);
  quantize(format, m, table, team, bytes.data());
  return bytes;
}

Matrix matrix_of(const std::vector<float>& w, int rows, int cols) {
  return {Storage::f32, rows, cols, w.data()};
}

// Normally distributed, or Student's t with 5 degrees of freedom: heavy tails as in trained weights.
std::vector<float> bell(RandomValues& random, std::size_t n, bool heavy) {
  const auto normal = [&] {
    double sum = 0.0;
    for (int i = 0; i < 12; ++i) sum += random.value();
    return sum / 2.0;
  };
  std::vector<float> w(n);
  for (float& v : w) {
    double x = normal();
    if (heavy) {
      double squares = 0.0;
      for (int i = 0; i < 5; ++i) {
        const double y = normal();
        squares += y * y;
      }
      x /= std::sqrt(squares / 5.0);
    }
    v = static_cast<float>(x * 0.02);
  }
  return w;
}

double relative_error(Storage format, const std::vector<float>& w, int rows, int cols) {
  const std::vector<std::byte> bytes = packed(format, matrix_of(w, rows, cols), *best_kernels().quantized, 2);
  std::vector<float> row(static_cast<std::size_t>(cols));
  double error = 0.0, total = 0.0;
  for (int r = 0; r < rows; ++r) {
    unpack_row(format, bytes.data(), r, cols, row.data());
    for (int k = 0; k < cols; ++k) {
      const double exact =
          w[static_cast<std::size_t>(r) * static_cast<std::size_t>(cols) + static_cast<std::size_t>(k)];
      const double difference = row[static_cast<std::size_t>(k)] - exact;
      error += difference * difference;
      total += exact * exact;
    }
  }
  return std::sqrt(error / total);
}

}  // namespace

TEST_CASE("packing gives the same bytes in every table and with any number of threads") {
  RandomValues random(1);
  struct Shape {
    int rows, cols;
  };
  std::size_t place = 0;
  for (const Shape shape : {Shape{1, 1}, {16, 64}, {17, 100}, {31, 256}, {40, 576}, {33, 257}, {5, 1536}}) {
    if (test::left_out_today(place++, 3)) continue;
    CAPTURE(shape.rows);
    CAPTURE(shape.cols);
    std::vector<float> w =
        bell(random, static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.cols), true);
    for (float& v : w) v = random.below(50) == 0 ? 0.0f : v * static_cast<float>(random.below(7));
    const Matrix m = matrix_of(w, shape.rows, shape.cols);
    for (const Storage format : formats) {
      const std::vector<std::byte> expected = packed(format, m, scalar_quantized, 1);
      for (const QuantizedKernels* table : test::quantized_tables()) {
        CAPTURE(table->name);
        CHECK(expected == packed(format, m, *table, 3));
      }
    }
  }
}

TEST_CASE("bfloat16 and float32 of the same numbers pack to the same bytes") {
  RandomValues random(2);
  const std::vector<std::uint16_t> halves = random.bf16_values(20 * 300, 0.1f);
  std::vector<float> w(halves.size());
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = bf16_to_f32(halves[i]);
  for (const Storage format : formats)
    CHECK(packed(format, matrix_of(w, 20, 300), scalar_quantized, 1) ==
          packed(format, {Storage::bf16, 20, 300, halves.data()}, scalar_quantized, 1));
}

TEST_CASE("relative root-mean-square errors are those of the format with searched scales") {
  RandomValues random(3);
  const int rows = 64, cols = 1024;
  const std::vector<float> normal = bell(random, rows * cols, false), heavy = bell(random, rows * cols, true);
  CHECK(relative_error(Storage::q4, normal, rows, cols) < 0.0735);
  CHECK(relative_error(Storage::q4, heavy, rows, cols) < 0.0895);
  CHECK(relative_error(Storage::q8, normal, rows, cols) < 0.0070);
  CHECK(relative_error(Storage::q8, heavy, rows, cols) < 0.0125);
}

TEST_CASE("weights that lie on the grid come back exactly") {
  RandomValues random(4);
  const int cols = 256;
  std::vector<float> w(16 * cols);
  for (float& v : w) v = static_cast<float>(random.below(255) - 127) * 0x1p-9f;
  for (int r = 0; r < 16; ++r)
    for (int span = 0; span < cols; span += q8_format.group)
      w[static_cast<std::size_t>(r * cols + span + r)] = (r % 2 ? 127.0f : -127.0f) * 0x1p-9f;
  CHECK(relative_error(Storage::q8, w, 16, cols) < 1e-7);

  for (int r = 0; r < 16; ++r)
    for (int k = 0; k < cols; ++k) {
      const int sub = k / sub_width;
      const int sub_scale = sub == 0 ? 15 : (r * 5 + sub * 3) % 15 + 1;
      const int code = k % sub_width == 3 ? -8 : random.below(16) - 8;
      w[static_cast<std::size_t>(r * cols + k)] =
          static_cast<float>((sub % 2 ? -1 : 1) * sub_scale * code) * 0x1p-10f;
    }
  CHECK(relative_error(Storage::q4, w, 16, cols) < 1e-7);
}

TEST_CASE("zeros, tiny and huge weights and those that are no numbers") {
  const float infinity = std::numeric_limits<float>::infinity();
  const int cols = 512;
  std::vector<float> w(6 * cols, 0.0f), row(cols);
  for (int k = 0; k < cols; ++k) {
    const float sign = k % 3 ? 1.0f : -1.0f;
    w[static_cast<std::size_t>(1 * cols + k)] = sign * 1e-40f;
    w[static_cast<std::size_t>(2 * cols + k)] = sign * 1e-20f;
    w[static_cast<std::size_t>(3 * cols + k)] = sign * 3e38f;
    w[static_cast<std::size_t>(4 * cols + k)] = w[static_cast<std::size_t>(5 * cols + k)] = sign;
  }
  w[4 * cols + 300] = infinity;
  w[5 * cols + 7] = std::numeric_limits<float>::quiet_NaN();
  for (const Storage format : formats) {
    CAPTURE(name_of(format));
    const std::vector<std::byte> bytes = packed(format, matrix_of(w, 6, cols), scalar_quantized, 1);
    for (const QuantizedKernels* table : test::quantized_tables())
      CHECK(bytes == packed(format, matrix_of(w, 6, cols), *table, 1));
    for (const int r : {0, 1}) {
      unpack_row(format, bytes.data(), r, cols, row.data());
      for (const float v : row) CHECK(v == 0.0f);
    }
    for (const int r : {2, 3}) {
      unpack_row(format, bytes.data(), r, cols, row.data());
      for (int k = 0; k < cols; ++k)
        CHECK(std::fabs(row[static_cast<std::size_t>(k)] / w[static_cast<std::size_t>(r * cols + k)] - 1.0f) <
              0.08f);
    }
    // Only the group of 256 that holds such a value is lost.
    unpack_row(format, bytes.data(), 4, cols, row.data());
    CHECK(std::isnan(row[300]));
    CHECK(std::isnan(row[511]));
    CHECK(std::fabs(row[255]) == doctest::Approx(1.0).epsilon(0.08));
    unpack_row(format, bytes.data(), 5, cols, row.data());
    CHECK(std::isnan(row[0]));
    CHECK(std::fabs(row[256]) == doctest::Approx(1.0).epsilon(0.08));
  }
}

namespace {

// Second moments of inputs whose neighbours resemble each other, as hidden states do; every fifth is large.
std::vector<float> correlated_moments(RandomValues& random, int n) {
  const int samples = 3 * n;
  std::vector<float> moments(static_cast<std::size_t>(n) * static_cast<std::size_t>(n)),
      x(static_cast<std::size_t>(n));
  for (int s = 0; s < samples; ++s) {
    float drift = 0.0f;
    for (int k = 0; k < n; ++k) {
      drift = 0.8f * drift + random.value();
      x[static_cast<std::size_t>(k)] = drift * (k % 5 ? 1.0f : 4.0f);
    }
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j)
        moments[static_cast<std::size_t>(i * n + j)] +=
            x[static_cast<std::size_t>(i)] * x[static_cast<std::size_t>(j)] / static_cast<float>(samples);
  }
  return moments;
}

std::vector<std::byte> packed_with(const ErrorFeedback& feedback, Storage format, const Matrix& m,
                                   const Kernels& table, int threads) {
  std::vector<std::byte> bytes(packed_bytes(format, m.rows, m.cols));
  ThreadTeam team(threads);
  quantize(format, m, table, feedback, team, bytes.data());
  return bytes;
}

// Mean square of what a packed matrix says wrong about inputs with these moments.
double output_error(Storage format, const std::vector<std::byte>& bytes, const Matrix& m,
                    const std::vector<float>& moments) {
  const int n = m.cols;
  const float* const w = static_cast<const float*>(m.data);
  std::vector<float> row(static_cast<std::size_t>(n));
  double total = 0.0;
  for (int r = 0; r < m.rows; ++r) {
    unpack_row(format, bytes.data(), r, n, row.data());
    for (int k = 0; k < n; ++k) row[static_cast<std::size_t>(k)] -= w[r * n + k];
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j)
        total += static_cast<double>(row[static_cast<std::size_t>(i)]) * row[static_cast<std::size_t>(j)] *
                 moments[static_cast<std::size_t>(i * n + j)];
  }
  return total / m.rows;
}

}  // namespace

TEST_CASE("error feedback: the same bytes everywhere, and outputs nearer to the exact ones") {
  RandomValues random(11);
  for (const int cols : {40, 300, 576}) {
    CAPTURE(cols);
    const int rows = 90;  // more than one thread's share, the last panel in part
    const std::vector<float> w =
        bell(random, static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols), true);
    const Matrix m = matrix_of(w, rows, cols);
    const std::vector<float> moments = correlated_moments(random, cols);
    const ErrorFeedback feedback(moments, cols, 0.01f, best_kernels(), 2);
    for (const Storage format : formats) {
      CAPTURE(name_of(format));
      const std::vector<std::byte> bytes = packed_with(feedback, format, m, scalar_kernels, 1);
      for (const Kernels* table : supported_kernels()) {
        CAPTURE(table->name);
        CHECK(bytes == packed_with(feedback, format, m, *table, 3));
      }
      const double plain = output_error(format, packed(format, m, scalar_quantized, 1), m, moments);
      const double with = output_error(format, bytes, m, moments);
      CAPTURE(plain);
      CAPTURE(with);
      CHECK(with < 0.6 * plain);
      CHECK(with > 0.05 * plain);
    }
  }
}

TEST_CASE("error feedback of inputs that say nothing of each other changes no code of q8") {
  RandomValues random(12);
  const int n = 320;
  const std::vector<float> w = bell(random, 20 * n, true);
  std::vector<float> moments(n * n, 0.0f);
  for (int k = 0; k < n; ++k) moments[static_cast<std::size_t>(k * n + k)] = static_cast<float>(1 + k % 7);
  const ErrorFeedback feedback(moments, n, 0.01f, best_kernels(), 1);
  CHECK(packed_with(feedback, Storage::q8, matrix_of(w, 20, n), best_kernels(), 1) ==
        packed(Storage::q8, matrix_of(w, 20, n), scalar_quantized, 1));
}

TEST_CASE("error feedback: a row that is no number is lost where it lies, and no other row feels it") {
  RandomValues random(13);
  const int rows = 18, n = 600;
  std::vector<float> w = bell(random, rows * n, true);
  const std::vector<float> moments = correlated_moments(random, n);
  const ErrorFeedback feedback(moments, n, 0.01f, best_kernels(), 1);
  std::vector<float> broken = w;
  broken[3 * n + 300] = std::numeric_limits<float>::quiet_NaN();
  broken[5 * n + 20] = std::numeric_limits<float>::infinity();
  for (int k = 0; k < n; ++k) {
    broken[static_cast<std::size_t>(7 * n + k)] = 3e38f;
    broken[static_cast<std::size_t>(8 * n + k)] = 1e-40f;
  }
  for (const Storage format : formats) {
    CAPTURE(name_of(format));
    const auto good = packed_with(feedback, format, matrix_of(w, rows, n), scalar_kernels, 1);
    const auto bytes = packed_with(feedback, format, matrix_of(broken, rows, n), scalar_kernels, 1);
    for (const Kernels* table : supported_kernels())
      CHECK(bytes == packed_with(feedback, format, matrix_of(broken, rows, n), *table, 1));
    std::vector<float> row(n), expected(n);
    for (int r = 0; r < rows; ++r) {
      unpack_row(format, bytes.data(), r, n, row.data());
      unpack_row(format, good.data(), r, n, expected.data());
      if (r == 3 || r == 5) {
        const int lost = r == 3 ? 1 : 0;
        for (int k = 0; k < n; ++k)
          CHECK(std::isnan(row[static_cast<std::size_t>(k)]) == (k / block_width == lost));
      } else if (r == 8) {
        for (const float v : row) CHECK(v == 0.0f);
      } else if (r != 7) {
        CHECK(row == expected);
      }
    }
  }
}
