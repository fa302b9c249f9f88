#include "loaders/tensors/stored_tensor.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace kelvin;

TEST_CASE("rows that lie in pairs are read in the order of halves") {
  // Two heads of six rows, two numbers each: row r holds r + 0.25 and r + 0.5 where it lies.
  constexpr std::uint64_t rows = 12, cols = 2;
  std::vector<float> lying;
  for (std::uint64_t r = 0; r < rows; ++r)
    for (const float part : {0.25f, 0.5f}) lying.push_back(static_cast<float>(r) + part);
  StoredTensor matrix{"q", Dtype::f32, {rows, cols}, std::as_bytes(std::span(lying))};
  const auto firsts = [&](std::uint64_t first, std::uint64_t count) {
    std::vector<float> read(count * cols);
    copy_rows(matrix, first, count, reinterpret_cast<std::byte*>(read.data()));
    std::vector<int> at;
    for (std::uint64_t i = 0; i < count; ++i) {
      CHECK(read[i * cols + 1] == read[i * cols] + 0.25f);
      at.push_back(static_cast<int>(read[i * cols]));
    }
    return at;
  };
  CHECK(firsts(4, 3) == std::vector{4, 5, 6});
  matrix.paired_rows = 6;
  CHECK(firsts(0, rows) == std::vector{0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11});
  CHECK(firsts(4, 3) == std::vector{3, 5, 6});  // from within a head to the next
}

TEST_CASE("rows of whole blocks are moved as bytes") {
  std::vector<std::byte> lying(4 * 34);  // Q8_0: 34 bytes for 32 numbers
  for (std::size_t i = 0; i < lying.size(); ++i) lying[i] = static_cast<std::byte>(i / 34);
  StoredTensor matrix{"k", Dtype::q8_0, {4, 32}, lying};
  matrix.paired_rows = 4;
  std::vector<std::byte> read(2 * 34);
  copy_rows(matrix, 1, 2, read.data());
  for (std::size_t i = 0; i < read.size(); ++i) CHECK(read[i] == std::byte(i < 34 ? 2 : 1));
}
