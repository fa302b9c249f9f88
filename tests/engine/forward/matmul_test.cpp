#include "engine/forward/matmul.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/engine/random_values.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::kernels;

TEST_CASE("row blocks cover every row once, in multiples of four, and give every thread work") {
  for (const int rows : {1, 3, 4, 5, 64, 100, 1000, 8192, 128256})
    for (const int cols : {1, 64, 2048, 500000})
      for (const int threads : {1, 2, 7, 64}) {
        const Matrix matrix{Storage::bf16, rows, cols, nullptr};
        const RowBlocks blocks(matrix, threads, 1);
        int next = 0;
        for (int b = 0; b < blocks.count(); ++b) {
          REQUIRE(blocks[b].first == next);
          REQUIRE(blocks[b].first % 4 == 0);
          REQUIRE(blocks[b].rows > 0);
          next += blocks[b].rows;
        }
        REQUIRE(next == rows);
        if (rows >= 4 * threads) CHECK(blocks.count() >= threads);
      }
}

TEST_CASE(
    "row blocks of packed matrices are panels, and whole passes where many tokens come and rows suffice") {
  for (const Storage storage : {Storage::q8, Storage::q4})
    for (const int rows : {1, 16, 40, 512, 2048, 8200})
      for (const int cols : {64, 2048, 8192})
        for (const int threads : {1, 2, 5})
          for (const int tokens : {1, 8, 9, 512}) {
            const RowBlocks blocks({storage, rows, cols, nullptr}, threads, tokens);
            int next = 0;
            for (int b = 0; b < blocks.count(); ++b) {
              REQUIRE(blocks[b].first == next);
              REQUIRE(blocks[b].first % panel_rows == 0);
              next += blocks[b].rows;
            }
            REQUIRE(next == rows);
            if (tokens > 8 && rows >= 1024 * threads) CHECK(blocks[0].rows == max_panels * panel_rows);
          }
}

TEST_CASE("matrices shared out together have blocks of one size") {
  for (const Storage storage : {Storage::bf16, Storage::q8, Storage::q4}) {
    const RowBlocks q({storage, 2048, 2048, nullptr}, 3072, 2, 1),
        k({storage, 512, 2048, nullptr}, 3072, 2, 1);
    CHECK(q[0].rows == k[0].rows);
    CHECK(k.count() > 1);
  }
}

TEST_CASE("a product in blocks equals the product at once") {
  test::RandomValues random(31);
  const std::vector<float> w = random.values(50 * 30), bias = random.values(50);
  const Linear linear{{Storage::f32, 50, 30, w.data()}, bias};
  const std::size_t in = Rows::stride_for(30), out = Rows::stride_for(50);
  std::vector<float> x = random.values(7 * in), whole(7 * out), parts(7 * out);
  multiply(scalar_kernels, linear, {0, 50}, {{x.data(), in}}, 7, {whole.data(), out});
  const RowBlocks blocks(linear.weight, 3, 7);
  CHECK(blocks.count() > 3);
  for (int b = 0; b < blocks.count(); ++b)
    multiply(best_kernels(), linear, blocks[b], {{x.data(), in}}, 7, {parts.data(), out});
  CHECK(whole == parts);
}

TEST_CASE("strides are whole lanes and no power of two") {
  for (const int columns : {1, 16, 17, 2048, 8192}) {
    const std::size_t stride = Rows::stride_for(columns);
    CHECK(stride >= static_cast<std::size_t>(columns));
    CHECK(stride % 16 == 0);
    CHECK(stride * sizeof(float) % 4096 != 0);
  }
}
