// Every table against the scalar one, bit for bit: all remainders of rows, columns and tokens, any alignment,
// NaN around the inputs.
#include "engine/kernels/kernels.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "tests/engine/random_values.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::engine;
using namespace kelvin::kernels;
using test::RandomValues;

namespace {

constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();

// Values with NaN on both sides; `offset` elements away from where the memory starts.
template <class Element>
class Fenced {
 public:
  Fenced(const std::vector<Element>& values, int offset, Element fence)
      : offset_(static_cast<std::size_t>(offset) + 64), memory_(values.size() + offset_ + 64, fence) {
    std::copy(values.begin(), values.end(), memory_.begin() + static_cast<std::ptrdiff_t>(offset_));
  }
  Element* data() { return memory_.data() + offset_; }

 private:
  std::size_t offset_;
  std::vector<Element> memory_;
};

// Sums that underflow to -0 show whether absent columns were added as zeros.
void make_tiny(std::vector<float>& values, RandomValues& random) {
  for (float& v : values) v = (random.below(2) ? 1e-30f : -1e-30f) * (1.0f + random.value());
}

struct Shape {
  int rows, cols, tokens;
};

template <class Element>
void check_matmul(Shape shape, const std::vector<Element>& weights, Element fence,
                  const std::vector<float>& inputs, RandomValues& random) {
  const std::size_t x_stride =
      static_cast<std::size_t>(shape.cols) + static_cast<std::size_t>(random.below(5));
  std::vector<float> spread(x_stride * static_cast<std::size_t>(shape.tokens), quiet_nan);
  for (int t = 0; t < shape.tokens; ++t)
    std::copy_n(inputs.begin() + t * shape.cols, shape.cols,
                spread.begin() + static_cast<std::ptrdiff_t>(t * x_stride));
  Fenced<Element> w(weights, random.below(16), fence);
  Fenced<float> x(spread, random.below(16), quiet_nan);
  Fenced<float> bias(random.values(static_cast<std::size_t>(shape.rows)), random.below(16), quiet_nan);

  FloatMatmul block;
  block.w = w.data();
  block.rows = shape.rows;
  block.cols = shape.cols;
  block.x = x.data();
  block.x_stride = x_stride;
  block.tokens = shape.tokens;
  block.y_stride = static_cast<std::size_t>(shape.rows) + 3;
  for (const bool with_bias : {false, true}) {
    block.bias = with_bias ? bias.data() : nullptr;
    std::vector<float> expected(block.y_stride * static_cast<std::size_t>(shape.tokens) + 8, 77.0f);
    block.y = expected.data();
    (sizeof(Element) == 4 ? scalar_kernels.matmul_f32 : scalar_kernels.matmul_bf16)(block);
    CHECK(std::none_of(expected.begin(), expected.end(), [](float v) { return v != v; }));
    for (const Kernels* table : supported_kernels()) {
      CAPTURE(table->name);
      std::vector<float> found(expected.size(), 77.0f);  // untouched elements must stay
      block.y = found.data();
      (sizeof(Element) == 4 ? table->matmul_f32 : table->matmul_bf16)(block);
      REQUIRE(test::same_bits(expected, found));
    }
  }
}

void check_matmul_both(Shape shape, RandomValues& random, bool tiny) {
  CAPTURE(shape.rows);
  CAPTURE(shape.cols);
  CAPTURE(shape.tokens);
  const std::size_t n = static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.cols);
  std::vector<float> x = random.values(static_cast<std::size_t>(shape.tokens * shape.cols), 3.0f);
  std::vector<float> w = random.values(n, 0.2f);
  if (tiny) {
    make_tiny(x, random);
    make_tiny(w, random);
  }
  check_matmul<float>(shape, w, quiet_nan, x, random);
  std::vector<std::uint16_t> halves(n);
  std::transform(w.begin(), w.end(), halves.begin(), f32_to_bf16);
  check_matmul<std::uint16_t>(shape, halves, 0x7fc0, x, random);
}

}  // namespace

TEST_CASE("matmul: all remainders of rows, columns and tokens") {
  RandomValues random(1);
  for (int cols = 1; cols <= 67; ++cols) check_matmul_both({1 + cols % 9, cols, 1 + cols % 7}, random, false);
  for (int rows = 1; rows <= 67; ++rows)
    check_matmul_both({rows, 1 + rows * 7 % 40, 1 + rows % 5}, random, false);
  for (int tokens = 1; tokens <= 26; ++tokens) check_matmul_both({6, 33 + tokens, tokens}, random, false);
  check_matmul_both({9, 1000, 13}, random, false);
}

TEST_CASE("matmul: sums that vanish keep their sign") {
  RandomValues random(2);
  for (int cols = 1; cols <= 40; ++cols) check_matmul_both({5, cols, 4}, random, true);
}

TEST_CASE("matmul: the same model stored as f32 and as bf16 gives the same bits") {
  RandomValues random(3);
  const std::vector<std::uint16_t> halves = random.bf16_values(7 * 131);
  std::vector<float> floats(halves.size());
  std::transform(halves.begin(), halves.end(), floats.begin(), bf16_to_f32);
  const std::vector<float> x = random.values(5 * 131);
  std::vector<float> one(35), other(35);
  for (const Kernels* table : supported_kernels()) {
    table->matmul_f32({floats.data(), 7, 131, x.data(), 131, 5, nullptr, one.data(), 7});
    table->matmul_bf16({halves.data(), 7, 131, x.data(), 131, 5, nullptr, other.data(), 7});
    CHECK(test::same_bits(one, other));
  }
}

TEST_CASE("matmul: infinities and NaN of the input stay in their token") {
  RandomValues random(4);
  const std::vector<float> w = random.values(5 * 21);
  for (const Kernels* table : supported_kernels()) {
    std::vector<float> x = random.values(3 * 21), y(15);
    x[21 + 20] = quiet_nan;
    x[42 + 3] = std::numeric_limits<float>::infinity();
    table->matmul_f32({w.data(), 5, 21, x.data(), 21, 3, nullptr, y.data(), 5});
    for (int r = 0; r < 5; ++r) {
      CHECK(std::abs(y[r]) < 100.0f);
      CHECK(y[5 + r] != y[5 + r]);
      CHECK(std::abs(y[10 + r]) == std::numeric_limits<float>::infinity());
    }
  }
}

template <class Element>
struct StoredBlock {
  std::vector<Element> keys, values;
  std::vector<float> key_scales, value_scales;
};

// Random numbers for positions first <= j < seen; around them what must not reach a result.
template <class Element>
StoredBlock<Element> random_block(int head_dim, int first, int seen, RandomValues& random) {
  constexpr bool codes = sizeof(Element) == 1;
  const int width = padded_to_lanes(head_dim), groups = (head_dim + kv_group - 1) / kv_group;
  const auto element = [&](bool present) {
    if constexpr (codes) return static_cast<std::int8_t>(present ? random.below(255) - 127 : 99);
    const float value = present ? random.value() : quiet_nan;
    if constexpr (sizeof(Element) == 2) {
      // Every kind of number: subnormal, zero, normal.
      const int kind = random.below(8);
      return static_cast<Float16>(f32_to_f16(kind == 0 ? value * 3e-6f : kind == 1 ? value * 0.0f : value));
    }
    if constexpr (sizeof(Element) == 4) return value;
  };
  StoredBlock<Element> block;
  block.keys.resize(static_cast<std::size_t>(attention_span) * head_dim);
  block.values.resize(static_cast<std::size_t>(attention_span) * width);
  for (int j = 0; j < attention_span; ++j)
    for (int d = 0; d < width; ++d) {
      if (d < head_dim)
        block.keys[(j / key_panel * head_dim + d) * key_panel + j % key_panel] =
            element(first <= j && j < seen);
      block.values[j * width + d] = d < head_dim ? element(first <= j && j < seen) : Element{};
    }
  for (int i = 0; codes && i < groups * attention_span; ++i) {
    const bool present = first <= i % attention_span && i % attention_span < seen;
    block.key_scales.push_back(present ? random.value() * 0.01f : quiet_nan);
    block.value_scales.push_back(present ? random.value() * 0.01f : quiet_nan);
  }
  return block;
}

template <class Element>
void check_attention(void (*Kernels::*attend)(const SpanAttention&), RandomValues& random) {
  for (int round = 0; round < 120; ++round) {
    const int head_dim = round < 40 ? round + 1 : 1 + random.below(140), rows = 1 + round * 5 % 31;
    const int width = padded_to_lanes(head_dim);
    CAPTURE(head_dim);
    CAPTURE(rows);
    std::vector<int> first(static_cast<std::size_t>(rows)), visible(static_cast<std::size_t>(rows));
    const int start = round % 5 == 0 ? attention_span : 1 + random.below(attention_span);
    for (int r = 0; r < rows; ++r) visible[r] = std::min(attention_span, start + r / 2);
    // A third without a window, a third with one shorter than the rows, a third with a longer one.
    const int window = round % 3 == 0 ? attention_span : 1 + random.below(round % 3 == 1 ? 4 : 90);
    for (int r = 0; r < rows; ++r) first[r] = std::clamp(start + r / 2 - window, 0, visible[r] - 1);

    const StoredBlock<Element> stored =
        random_block<Element>(head_dim, first.front(), visible.back(), random);
    Fenced<float> q(random.values(static_cast<std::size_t>(rows * head_dim), 2.0f), random.below(16),
                    quiet_nan);
    const auto run = [&](const Kernels& table) {
      std::vector<float> out(static_cast<std::size_t>(rows) * (2 + width), 5.0f);
      SpanAttention block;
      block.q = q.data();
      block.kv = {stored.keys.data(), stored.values.data(), stored.key_scales.data(),
                  stored.value_scales.data()};
      block.rows = rows;
      block.head_dim = head_dim;
      block.first = first.data();
      block.visible = visible.data();
      block.soft_cap = round % 4 == 3 ? 2.5f : 0.0f;
      block.largest = out.data();
      block.sum = out.data() + rows;
      block.weighted = out.data() + 2 * rows;
      (table.*attend)(block);
      return out;
    };
    const std::vector<float> expected = run(scalar_kernels);
    CHECK(std::none_of(expected.begin(), expected.end(), [](float v) { return v != v; }));
    for (const Kernels* table : supported_kernels()) {
      CAPTURE(table->name);
      REQUIRE(test::same_bits(expected, run(*table)));
    }
  }
}

TEST_CASE("attention: every head size, number of rows and of visible keys, in every storage") {
  RandomValues random(5);
  check_attention<float>(&Kernels::attend_f32, random);
  check_attention<Float16>(&Kernels::attend_f16, random);
  check_attention<std::int8_t>(&Kernels::attend_q8, random);
}

TEST_CASE("norm, activations and exp: every length and special value") {
  RandomValues random(6);
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> special = {0.0f,        -0.0f,  1e-45f, -1e-45f,  1e-38f,    88.7f,   88.72283f,
                                      88.722839f,  88.73f, -87.0f, -86.9f,   -87.001f,  -103.0f, 1e30f,
                                      -1e30f,      13.2f,  -13.2f, infinity, -infinity, 3e38f,   -3e38f,
                                      0.34657359f, -0.5f,  -6.0f,  88.0f};
  for (int n = 1; n <= 70; ++n) {
    CAPTURE(n);
    std::vector<float> values = random.values(static_cast<std::size_t>(n), n % 3 == 0 ? 100.0f : 6.0f);
    if (n > 30) std::copy(special.begin(), special.end(), values.begin() + n % 5);
    Fenced<float> x(values, random.below(16), quiet_nan);
    Fenced<float> w(random.values(static_cast<std::size_t>(n)), random.below(16), quiet_nan);
    const auto run = [&](const Kernels& table) {
      std::vector<float> out(static_cast<std::size_t>(10 * (n + 2)), 5.0f);
      float* at = out.data();
      const std::size_t step = static_cast<std::size_t>(n) + 2;
      table.exp(x.data(), n, at);
      table.silu_multiply(x.data(), w.data(), n, at + step);
      table.gelu_erf_multiply(x.data(), w.data(), n, at + 2 * step);
      table.gelu_tanh_multiply(x.data(), w.data(), n, at + 3 * step);
      table.rms_norm(x.data(), w.data(), n, 1e-5f, at + 4 * step);
      table.layer_norm(x.data(), w.data(), nullptr, n, 1e-5f, at + 5 * step);
      table.layer_norm(x.data(), w.data(), x.data(), n, 1e-5f, at + 6 * step);
      table.soft_cap(x.data(), n, 7.5f, at + 7 * step);
      table.silu_multiply(x.data(), nullptr, n, at + 8 * step);
      table.gelu_tanh_multiply(x.data(), nullptr, n, at + 9 * step);
      // Which NaN comes out of infinity / infinity is the processor's choice.
      for (float& v : out)
        if (v != v) v = quiet_nan;
      return out;
    };
    const std::vector<float> expected = run(scalar_kernels);
    for (const Kernels* table : supported_kernels()) {
      CAPTURE(table->name);
      REQUIRE(test::same_bits(expected, run(*table)));
    }
  }
}

TEST_CASE("exp passes NaN on, whatever its payload") {
  for (const Kernels* table : supported_kernels())
    for (const std::uint32_t bits : {0x7fc00000u, 0xffc00001u, 0x7fc001ffu, 0x7fffffffu, 0xffffffffu}) {
      std::vector<float> x(17, std::bit_cast<float>(bits)), y(17);
      table->exp(x.data(), 17, y.data());
      CHECK(std::all_of(y.begin(), y.end(), [](float v) { return v != v; }));
    }
}

TEST_CASE("results may replace the gate and the argument of exp") {
  RandomValues random(8);
  const std::vector<float> gate = random.values(37, 4.0f), up = random.values(37);
  for (const Kernels* table : supported_kernels()) {
    std::vector<float> apart(37), within = gate;
    table->silu_multiply(gate.data(), up.data(), 37, apart.data());
    table->silu_multiply(within.data(), up.data(), 37, within.data());
    CHECK(test::same_bits(apart, within));
    within = gate;
    table->exp(gate.data(), 37, apart.data());
    table->exp(within.data(), 37, within.data());
    CHECK(test::same_bits(apart, within));
  }
}
