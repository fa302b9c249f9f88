#include "loaders/tensors/repack.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "engine/weights/packed.h"
#include "loaders/tensors/dequantize.h"
#include "tests/loaders/random_blocks.h"

using namespace kelvin;
using namespace kelvin::test;

TEST_CASE("the packed layout of every quantised format of GGUF holds the same numbers") {
  for (const DtypeInfo& info : quantized_dtypes())
    for (const int rows : {16, 5})
      for (const std::size_t blocks : {1, 3}) {
        CAPTURE(info.name);
        CAPTURE(rows);
        const auto storage = own_storage(info.dtype);
        REQUIRE(storage);
        const std::uint64_t type = random_blocks_golden(info.dtype).type;
        const int cols = static_cast<int>(blocks * info.elements);
        std::vector<std::byte> file;
        for (std::size_t i = 0; i < static_cast<std::size_t>(rows) * blocks; ++i)
          std::ranges::copy(random_block(info.dtype, type, i), std::back_inserter(file));
        std::vector<std::byte> panel(packed_panel_bytes(*storage, cols), std::byte{0xff});
        repack_panel(info.dtype, file.data(), rows, cols, panel.data());
        std::vector<float> expected(static_cast<std::size_t>(cols)), found(expected.size());
        const std::size_t row_bytes = stored_bytes(info.dtype, expected.size());
        int different = 0;
        for (int row = 0; row < rows; ++row) {
          dequantize(info.dtype, file.data() + static_cast<std::size_t>(row) * row_bytes, expected.size(),
                     expected.data());
          unpack_row(*storage, panel.data(), row, cols, found.data());
          for (std::size_t k = 0; k < expected.size(); ++k) {
            const bool both_nan = expected[k] != expected[k] && found[k] != found[k];
            different += !both_nan && expected[k] != found[k];
          }
        }
        CHECK(different == 0);
        for (int row = rows; row < 16; ++row) {  // the panel is filled up with zeros
          unpack_row(*storage, panel.data(), row, cols, found.data());
          CHECK(std::ranges::all_of(found, [](float v) { return v == 0.0f; }));
        }
      }
}

TEST_CASE("formats that are not quantised have no layout of their own") {
  for (const Dtype dtype : {Dtype::f32, Dtype::bf16, Dtype::f16, Dtype::i8}) CHECK_FALSE(own_storage(dtype));
}
