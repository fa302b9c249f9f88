#include "loaders/tensors/block_codes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "loaders/tensors/dequantize.h"
#include "tests/loaders/random_blocks.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

struct Seen {
  int lowest = std::numeric_limits<int>::max(), highest = std::numeric_limits<int>::min();
  void add(int value) {
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
};

// In double every product and the difference are exact, so that one rounding is left. Shapes: elements of a block.
std::vector<float> rounded_once(const BlockCodes& block, int sub, std::size_t elements) {
  std::vector<float> numbers(elements);
  for (std::size_t k = 0; k < elements; ++k) {
    const std::size_t part = k / static_cast<std::size_t>(sub);
    const double scale = static_cast<double>(block.d) * block.scales[part];
    numbers[k] =
        static_cast<float>(scale * block.codes[k] - static_cast<double>(block.dmin) * block.mins[part]);
    if (numbers[k] != numbers[k]) numbers[k] = std::numeric_limits<float>::quiet_NaN();
  }
  return numbers;
}

}  // namespace

TEST_CASE("codes, scales and minimums recombine to what dequantize gives, and keep their bounds") {
  for (const DtypeInfo& info : quantized_dtypes()) {
    CAPTURE(info.name);
    const BlockForm* const form = block_form(info.dtype);
    REQUIRE(form);
    const std::uint64_t type = random_blocks_golden(info.dtype).type;
    Seen codes, scales, mins;
    for (std::size_t index = 0; index < few_blocks; ++index) {
      const auto bytes = random_block(info.dtype, type, index);
      BlockCodes block;
      read_block_codes(*form, bytes.data(), block);
      for (std::size_t k = 0; k < info.elements; ++k) codes.add(block.codes[k]);
      for (std::size_t part = 0; part < info.elements / static_cast<std::size_t>(form->sub); ++part) {
        scales.add(block.scales[part]);
        mins.add(block.mins[part]);
      }
      std::vector<float> numbers(info.elements);
      dequantize(info.dtype, bytes.data(), info.elements, numbers.data());
      for (float& number : numbers)
        if (number != number) number = std::numeric_limits<float>::quiet_NaN();
      REQUIRE(same_bits(numbers, rounded_once(block, form->sub, info.elements)));
    }
    CHECK(codes.lowest == form->lowest_code);
    CHECK(codes.highest == form->highest_code);
    CHECK(scales.lowest == form->lowest_scale);
    CHECK(scales.highest == form->highest_scale);
    CHECK(mins.highest == form->highest_min);
    CHECK(mins.lowest >= 0);
  }
}

TEST_CASE("formats whose numbers stand alone have no blocks") {
  for (const Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::i8, Dtype::f4})
    CHECK(block_form(dtype) == nullptr);
}
