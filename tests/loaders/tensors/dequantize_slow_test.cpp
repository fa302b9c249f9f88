#include <doctest/doctest.h>

#include <vector>

#include "loaders/tensors/dequantize.h"
#include "tests/loaders/random_blocks.h"

using namespace kelvin;
using namespace kelvin::test;

TEST_CASE("a hundred thousand random blocks of each format are read as by the gguf package") {
  std::size_t index = 0;
  for (const DtypeInfo& info : quantized_dtypes()) {
    if (!in_sample_of_today(index++, 6)) continue;
    CAPTURE(info.name);
    CHECK(random_blocks_sum(info.dtype, whole_blocks) == random_blocks_golden(info.dtype).whole);
  }
}
