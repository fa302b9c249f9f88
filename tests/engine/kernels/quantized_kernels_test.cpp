// Integer products: every table against the scalar one, bit for bit.
#include "engine/kernels/packed_formats.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "engine/quantize/quantize.h"
#include "engine/weights/packed.h"
#include "tests/engine/quantized_support.h"
#include "tests/engine/random_values.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::kernels;
using test::RandomValues;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct ProductShape {
  int rows, cols, tokens;
};

// A packed matrix at any alignment between bytes that would be NaN scales.
class FencedBytes {
 public:
  FencedBytes(std::size_t n, int offset)
      : offset_(static_cast<std::size_t>(offset) + 64), memory_(n + offset_ + 64, std::byte{0xff}) {}
  std::byte* data() { return memory_.data() + offset_; }

 private:
  std::size_t offset_;
  std::vector<std::byte> memory_;
};

std::vector<float> product(const QuantizedKernels& table, Storage format, ProductShape shape,
                           const std::byte* packed, const QuantizedActivations& x, const float* bias) {
  const std::size_t stride = static_cast<std::size_t>(shape.rows) + 3;
  std::vector<float> y(stride * static_cast<std::size_t>(shape.tokens) + 8,
                       77.0f);  // what is not written must stay
  AlignedBuffer scratch(matmul_scratch(shape.tokens) * sizeof(float));
  std::fill_n(scratch.floats(), matmul_scratch(shape.tokens), not_a_number);
  const QuantizedMatmul m{packed,           shape.rows,        x, bias, y.data(), stride,
                          scratch.floats(), &format_of(format)};
  (table.*format_of(format).kernels).matmul(m);
  return y;
}

void check_product(ProductShape shape, const std::byte* packed, Storage format,
                   const std::vector<float>& inputs, const float* bias) {
  CAPTURE(std::string(name_of(format)));
  CAPTURE(shape.rows);
  CAPTURE(shape.cols);
  CAPTURE(shape.tokens);
  std::vector<ActivationFormat> formats = test::formats_for(format);
  if (is_of_files(format)) formats = {{1, 32}, {2, 32}};  // mixed with others it takes theirs
  for (const ActivationFormat of_x : formats) {
    CAPTURE(of_x.planes);
    const test::QuantizedRows x(scalar_quantized, inputs.data(), static_cast<std::size_t>(shape.cols),
                                shape.tokens, shape.cols, of_x);
    const std::vector<float> expected = product(scalar_quantized, format, shape, packed, x.view(), bias);
    for (const float v : expected) REQUIRE(v == v);
    for (const QuantizedKernels* table : test::quantized_tables()) {
      CAPTURE(std::string(table->name));
      REQUIRE(test::same_bits(expected, product(*table, format, shape, packed, x.view(), bias)));
    }
  }
}

void check_random(ProductShape shape, RandomValues& random) {
  std::vector<Storage> all = test::packed_storages();
  std::ranges::copy(test::file_storages(), std::back_inserter(all));
  for (const Storage format : all) {
    if (is_of_files(format) && test::left_out_today(static_cast<std::size_t>(format), 4)) continue;
    FencedBytes packed(packed_bytes(format, shape.rows, shape.cols), random.below(64));
    test::fill_packed(format, shape.rows, shape.cols, random, packed.data());
    const std::vector<float> x = random.values(static_cast<std::size_t>(shape.tokens * shape.cols), 3.0f);
    const std::vector<float> bias = random.values(static_cast<std::size_t>(shape.rows));
    check_product(shape, packed.data(), format, x, random.below(2) ? bias.data() : nullptr);
  }
}

}  // namespace

TEST_CASE("quantised matmul: all remainders of rows, columns and tokens") {
  RandomValues random(1);
  for (int rows = 1; rows <= 67; ++rows) check_random({rows, 1 + rows * 37 % 300, 1 + rows % 5}, random);
  for (int cols = 1; cols <= 67; ++cols) check_random({1 + cols % 19, cols, 1 + cols % 7}, random);
  for (const int cols : {100, 255, 256, 257, 319, 320, 321, 512, 513, 576, 896})
    check_random({20, cols, 3}, random);
  for (int tokens = 1; tokens <= 67; ++tokens) check_random({17 + tokens % 64, 300, tokens}, random);
  check_random({130, 1536, 13}, random);
  check_random({20, 2100, 16}, random);  // rows in parts, for a few tokens
}

TEST_CASE("quantised matmul: the most extreme codes") {
  for (const int weight_sign : {-1, 1})
    for (const int activation_sign : {-1, 1})
      for (const int tokens : {1, 3, 40}) {
        const ProductShape shape{33, 512, tokens};
        std::vector<float> x(static_cast<std::size_t>(tokens * shape.cols),
                             static_cast<float>(activation_sign));
        std::vector<std::byte> q8(packed_bytes(Storage::q8, shape.rows, shape.cols));
        std::vector<std::byte> q4(packed_bytes(Storage::q4, shape.rows, shape.cols));
        RandomValues random(2);
        test::fill_packed(Storage::q8, shape.rows, shape.cols, random, q8.data());
        test::fill_packed(Storage::q4, shape.rows, shape.cols, random, q4.data());
        const std::size_t q8_block = packed_panel_bytes(Storage::q8, block_width);
        const std::size_t q4_block = packed_panel_bytes(Storage::q4, block_width);
        for (std::size_t at = 0; at < q8.size(); at += q8_block)
          std::memset(q8.data() + at + q8_format.header_bytes, weight_sign < 0 ? 0 : 255,
                      q8_block - q8_format.header_bytes);
        for (std::size_t at = 0; at < q4.size(); at += q4_block) {
          std::memset(q4.data() + at, 0xff, q4_signs);  // sub-scales 15, or -15
          std::memset(q4.data() + at + q4_signs, weight_sign < 0 ? 0 : 255, q4_scales - q4_signs);
          std::memset(q4.data() + at + q4_format.header_bytes, 0,
                      q4_block - q4_format.header_bytes);  // codes -8
        }
        check_product(shape, q8.data(), Storage::q8, x, nullptr);
        check_product(shape, q4.data(), Storage::q4, x, nullptr);
        for (const Storage format : test::file_storages()) {
          std::vector<std::byte> packed(packed_bytes(format, shape.rows, shape.cols));
          test::fill_packed(format, shape.rows, shape.cols, random, packed.data());
          const std::size_t bytes = packed_panel_bytes(format, block_width);
          const std::size_t header = static_cast<std::size_t>(format_of(format).header_bytes);
          for (std::size_t at = 0; at < packed.size(); at += bytes)
            std::memset(packed.data() + at + header, weight_sign < 0 ? 0 : 255, bytes - header);
          check_product(shape, packed.data(), format, x, nullptr);
        }
      }
}

TEST_CASE("quantised matmul: the product of what unpack_row and the activations' codes say") {
  RandomValues random(3);
  const ProductShape shape{37, 700, 5};
  for (const Storage format : test::packed_storages())
    for (const ActivationFormat of_x : test::formats_for(format)) {
      std::vector<std::byte> packed(packed_bytes(format, shape.rows, shape.cols));
      test::fill_packed(format, shape.rows, shape.cols, random, packed.data());
      const std::vector<float> inputs =
          random.values(static_cast<std::size_t>(shape.tokens * shape.cols), 2.0f);
      const test::QuantizedRows x(scalar_quantized, inputs.data(), static_cast<std::size_t>(shape.cols),
                                  shape.tokens, shape.cols, of_x);
      const std::vector<float> y = product(scalar_quantized, format, shape, packed.data(), x.view(), nullptr);
      std::vector<float> row(static_cast<std::size_t>(shape.cols));
      for (int r = 0; r < shape.rows; ++r) {
        unpack_row(format, packed.data(), r, shape.cols, row.data());
        for (int t = 0; t < shape.tokens; ++t) {
          double sum = 0.0, size = 0.0;
          for (int k = 0; k < shape.cols; ++k) {
            const double term = static_cast<double>(row[static_cast<std::size_t>(k)]) * x.value(t, k);
            sum += term;
            size += std::fabs(term);
          }
          CHECK(std::fabs(y[static_cast<std::size_t>(t * (shape.rows + 3) + r)] - sum) <= 1e-6 * size);
        }
      }
    }
}

TEST_CASE("activations: the same codes, scales and sums in every table") {
  RandomValues random(4);
  const float infinity = std::numeric_limits<float>::infinity();
  for (const ActivationFormat format : test::activation_formats())
    for (const int cols : {1, 15, 16, 17, 64, 100, 255, 256, 257, 576, 896}) {
      CAPTURE(format.planes);
      CAPTURE(format.group);
      CAPTURE(cols);
      const int tokens = 9;
      const std::size_t stride = static_cast<std::size_t>(cols) + 5;
      std::vector<float> x(stride * tokens, not_a_number);
      for (int t = 0; t < tokens; ++t)
        for (int k = 0; k < cols; ++k) {
          float& value = x[static_cast<std::size_t>(t) * stride + static_cast<std::size_t>(k)];
          value = random.value();
          if (t == 1) value = 0.0f;
          if (t == 2) value = static_cast<float>(random.below(255) - 127) + 0.5f;  // ties
          if (t == 3) value *= 1e-38f;
          if (t == 4) value *= 0x1p-99f;
          if (t == 5) value *= 3e38f;
        }
      const std::size_t middle = static_cast<std::size_t>(cols / 2);
      x[6 * stride + middle] = not_a_number;
      x[7 * stride + middle] = infinity;
      x[8 * stride + middle] = -infinity;
      const test::QuantizedRows expected(scalar_quantized, x.data(), stride, tokens, cols, format);
      const std::size_t slices = static_cast<std::size_t>((cols + block_width - 1) / block_width * tokens);
      const std::size_t groups = static_cast<std::size_t>(block_width / format.group);
      const std::size_t planes = static_cast<std::size_t>(format.planes);
      CHECK(expected.view().scales[0] > 0.0f);
      CHECK(expected.view().scales[1] == 0.0f);
      for (const int t : {6, 7, 8})
        CHECK(std::isnan(expected.view().scales[middle / static_cast<std::size_t>(format.group) * tokens +
                                                static_cast<std::size_t>(t)]));
      for (const QuantizedKernels* table : test::quantized_tables()) {
        CAPTURE(std::string(table->name));
        const test::QuantizedRows found(*table, x.data(), stride, tokens, cols, format);
        const auto same = [&](const auto* a, const auto* b, std::size_t per_slice) {
          return std::memcmp(a, b, slices * per_slice * sizeof *a) == 0;
        };
        CHECK(same(expected.view().codes, found.view().codes, planes * block_width));
        CHECK(same(expected.view().scales, found.view().scales, groups));
        const std::size_t sums = format.group < min_group ? subs_per_block : groups;
        CHECK(same(expected.view().offsets, found.view().offsets, sums * planes));
        if (groups == 1) CHECK(same(expected.view().sub_offsets, found.view().sub_offsets, subs_per_block));
      }
    }
}

TEST_CASE(
    "activations: codes are within half a step of what they stand for, and the sums are those of the codes") {
  RandomValues random(5);
  const int cols = 300;
  std::vector<float> x = random.values(cols, 4.0f);
  x[70] = 400.0f;  // felt by its own group only
  for (const ActivationFormat format : test::activation_formats()) {
    CAPTURE(format.planes);
    CAPTURE(format.group);
    const test::QuantizedRows rows(scalar_quantized, x.data(), cols, 1, cols, format);
    const QuantizedActivations& q = rows.view();
    const int planes = format.planes;
    for (int k = 0; k < 2 * block_width; ++k) {
      const float expected = k < cols ? x[static_cast<std::size_t>(k)] : 0.0f;
      const float scale = q.scales[k / format.group];
      // With two planes a last code of -128 becomes -127.
      CHECK(std::fabs(rows.value(0, k) - expected) <= (planes == 2 ? 1.0001f : 0.5001f) * scale);
      if (k < cols) {
        float largest = 0.0f;
        for (int other = k / format.group * format.group;
             other < cols && other / format.group == k / format.group; ++other)
          largest = std::max(largest, std::fabs(x[static_cast<std::size_t>(other)]));
        CHECK(scale == doctest::Approx(largest / (planes == 2 ? 127 * 256 : 127)));
      }
    }
    for (int group = 0; group < 2 * block_width / format.group; ++group)
      for (int plane = 0; plane < planes; ++plane) {
        const int first = group * format.group;
        const std::int8_t* codes =
            q.codes + (first / block_width * planes + plane) * block_width + first % block_width;
        int sum = 0;
        for (int k = 0; k < format.group; ++k) sum += codes[k];
        if (format.group < min_group) {
          const int a = q.offsets[2 * group * planes + plane],
                    b = q.offsets[(2 * group + 1) * planes + plane];
          CHECK(a + b == -sum);
          CHECK(a == -std::accumulate(codes, codes + sub_width, 0));
          continue;
        }
        CHECK(q.offsets[group * planes + plane] == -128 * sum);
        for (int sub = 0; sub < (format.group == block_width ? subs_per_block : 0); ++sub) {
          int of_sub = 0;
          for (int k = 0; k < sub_width; ++k) of_sub += codes[sub * sub_width + k];
          CHECK(q.sub_offsets[group * subs_per_block + sub] == (-8 * of_sub & 0xffff));
        }
      }
  }
}
