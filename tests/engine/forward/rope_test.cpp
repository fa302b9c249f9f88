#include "engine/forward/rope.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <numbers>
#include <stdexcept>

using namespace kelvin;
using namespace kelvin::engine;

namespace {

constexpr double pi = std::numbers::pi;

double default_value(double theta, int i, int head_dim) { return std::pow(theta, -2.0 * i / head_dim); }

}  // namespace

TEST_CASE("standard and linear frequencies") {
  RopeSpec spec;
  spec.dims = 64;
  spec.theta = 500000.0;
  const std::vector<float> f = Rope(spec).frequencies(0);
  REQUIRE(f.size() == 32);
  for (int i = 0; i < 32; ++i) CHECK(f[i] == doctest::Approx(default_value(5e5, i, 64)).epsilon(2e-7));
  CHECK(f[0] == 1.0f);
  spec.kind = RopeKind::linear;
  spec.factor = 2.5;
  const std::vector<float> slower = Rope(spec).frequencies(0);
  for (int i = 0; i < 32; ++i) CHECK(slower[i] == doctest::Approx(f[i] / 2.5).epsilon(1e-7));
}

TEST_CASE("dynamic frequencies grow with the length beyond the border, one set per length") {
  RopeSpec spec;
  spec.kind = RopeKind::dynamic;
  spec.dims = 16;
  spec.factor = 4.0;
  spec.original_max_position = 64;
  const Rope rope(spec);
  CHECK(rope.frequency_set(1) == 0);
  CHECK(rope.frequency_set(64) == 0);
  CHECK(rope.frequency_set(65) != rope.frequency_set(64));
  CHECK(rope.frequency_set(66) != rope.frequency_set(65));
  CHECK(rope.last_length(1) == 64);
  CHECK(rope.last_length(64) == 64);
  CHECK(rope.last_length(65) == 65);
  const std::vector<float> f = rope.frequencies(rope.frequency_set(100));
  const double theta = 10000.0 * std::pow(4.0 * 100 / 64 - 3.0, 16.0 / 14.0);
  for (int i = 0; i < 8; ++i) CHECK(f[i] == doctest::Approx(default_value(theta, i, 16)).epsilon(3e-7));

  RopeSpec plain;
  plain.dims = 16;
  CHECK(Rope(plain).last_length(1) == INT_MAX);
  CHECK(Rope(plain).frequency_set(1000000) == 0);
}

TEST_CASE("llama3 divides slow frequencies, keeps fast ones and ramps between") {
  RopeSpec spec;
  spec.kind = RopeKind::llama3;
  spec.dims = 128;
  spec.theta = 500000.0;
  spec.factor = 8.0;
  spec.original_max_position = 8192;
  const std::vector<float> f = Rope(spec).frequencies(0);
  int kept = 0, divided = 0, between = 0;
  for (int i = 0; i < 64; ++i) {
    const double plain = default_value(5e5, i, 128), wavelength = 2 * pi / plain;
    double expected = plain;
    if (wavelength > 8192 / 1.0) {
      expected = plain / 8;
      ++divided;
    } else if (wavelength >= 8192 / 4.0) {
      const double m = (8192 / wavelength - 1.0) / 3.0;
      expected = (1 - m) * plain / 8 + m * plain;
      ++between;
    } else {
      ++kept;
    }
    CHECK(f[i] == doctest::Approx(expected).epsilon(1e-6));
  }
  CHECK(kept > 10);
  CHECK(divided > 10);
  CHECK(between > 2);
}

TEST_CASE("yarn ramps over dimensions and scales the angles' cosine and sine") {
  RopeSpec spec;
  spec.kind = RopeKind::yarn;
  spec.dims = 32;
  spec.factor = 8.0;
  spec.original_max_position = 64;
  const auto dimension = [](double rotations) {
    return 32 * std::log(64 / (rotations * 2 * pi)) / (2 * std::log(1e4));
  };
  for (const bool truncate : {true, false}) {
    spec.truncate = truncate;
    const Rope rope(spec);
    const std::vector<float> f = rope.frequencies(0);
    double low = dimension(32), high = dimension(1);
    if (truncate) low = std::floor(low), high = std::ceil(high);
    low = std::max(low, 0.0);
    high = std::min(high, 31.0);
    for (int i = 0; i < 16; ++i) {
      const double plain = default_value(1e4, i, 32), ramp = std::clamp((i - low) / (high - low), 0.0, 1.0);
      CHECK(f[i] == doctest::Approx(plain / 8 * ramp + plain * (1 - ramp)).epsilon(1e-6));
    }
    std::vector<float> cosines(16), sines(16);
    rope.angles(f, 0, cosines.data(), sines.data());
    CHECK(cosines[3] == doctest::Approx(0.1 * std::log(8.0) + 1.0).epsilon(1e-7));
  }
  spec.attention_factor = 1.25;
  std::vector<float> cosines(16), sines(16);
  Rope(spec).angles(Rope(spec).frequencies(0), 0, cosines.data(), sines.data());
  CHECK(cosines[0] == 1.25f);
  spec.attention_factor.reset();
  spec.mscale = 0.7;
  spec.mscale_all_dim = 1.4;
  Rope(spec).angles(Rope(spec).frequencies(0), 0, cosines.data(), sines.data());
  CHECK(cosines[0] == doctest::Approx((0.07 * std::log(8.0) + 1) / (0.14 * std::log(8.0) + 1)).epsilon(1e-7));
}

TEST_CASE("angles stay right at long positions") {
  RopeSpec spec;
  spec.dims = 64;
  const Rope rope(spec);
  const std::vector<float> f = rope.frequencies(0);
  std::vector<float> cosines(32), sines(32);
  for (const int position : {1, 17, 4095, 131071, 1000000}) {
    rope.angles(f, position, cosines.data(), sines.data());
    for (int i = 0; i < 32; ++i) {
      const long double angle = static_cast<long double>(position) * f[i];
      CHECK(std::fabs(cosines[i] - std::cos(angle)) < 4e-8L);
      CHECK(std::fabs(sines[i] - std::sin(angle)) < 4e-8L);
    }
  }
}

TEST_CASE("longrope divides each frequency by a factor of its own, long ones beyond the border") {
  RopeSpec spec;
  spec.kind = RopeKind::longrope;
  spec.dims = 6;
  spec.original_max_position = 48;
  spec.factor = 8.0;
  spec.short_factors = {1.0, 1.5, 2.0};
  spec.long_factors = {1.25, 6.0, 20.0};
  const Rope rope(spec);
  CHECK(rope.frequency_set(48) == 0);
  CHECK(rope.frequency_set(49) == 49);
  CHECK(rope.frequency_set(1000) == 49);
  CHECK(rope.last_length(7) == 48);
  CHECK(rope.last_length(49) == INT_MAX);
  for (const int length : {48, 300}) {
    const std::vector<float> f = rope.frequencies(rope.frequency_set(length));
    const std::vector<double>& factors = length > 48 ? spec.long_factors : spec.short_factors;
    for (int i = 0; i < 3; ++i)
      CHECK(f[i] == doctest::Approx(default_value(1e4, i, 6) / factors[i]).epsilon(3e-7));
  }
  std::vector<float> cosines(3), sines(3);
  rope.angles(rope.frequencies(0), 0, cosines.data(), sines.data());
  CHECK(cosines[0] == doctest::Approx(std::sqrt(1 + std::log(8.0) / std::log(48.0))).epsilon(1e-7));
  spec.attention_factor = 1.5;
  Rope(spec).angles(rope.frequencies(0), 0, cosines.data(), sines.data());
  CHECK(cosines[2] == 1.5f);
  spec.long_factors.pop_back();
  CHECK_THROWS_AS(Rope{spec}, std::invalid_argument);
}

TEST_CASE("rotation turns pairs of halves or of neighbours, and scales every dimension") {
  const float cosines[2] = {0.0f, 0.5f}, sines[2] = {1.0f, 0.25f};
  const auto rotated = [&](int dims, bool interleaved, bool from_end, std::vector<float> head) {
    RopeSpec spec;
    spec.dims = dims;
    spec.interleaved = interleaved;
    spec.from_end = from_end;
    Rope(spec).rotate(head.data(), cosines, sines, static_cast<int>(head.size()), 2.0f);
    return head;
  };
  using Head = std::vector<float>;
  CHECK(rotated(4, false, false, {1, 2, 3, 4}) == Head{-6, 0, 2, 5});
  CHECK(rotated(4, true, false, {1, 2, 3, 4}) == Head{-4, 2, 1, 5.5f});
  CHECK(rotated(4, false, false, {1, 2, 3, 4, 5, 6}) == Head{-6, 0, 2, 5, 10, 12});
  CHECK(rotated(4, true, true, {7, 8, 1, 2, 3, 4}) == Head{14, 16, -4, 2, 1, 5.5f});
  // An odd number is filled up to whole pairs, whose frequencies keep the odd number as divisor.
  CHECK(rotated(3, false, false, {1, 2, 3, 4, 5}) == Head{-6, 0, 2, 5, 10});
  RopeSpec odd;
  odd.dims = 3;
  CHECK(Rope(odd).frequencies(0)[1] == doctest::Approx(std::pow(1e4, -2.0 / 3)).epsilon(3e-7));
}

TEST_CASE("specifications without meaning are refused") {
  RopeSpec spec;
  CHECK_THROWS_AS(Rope{spec}, std::invalid_argument);
  spec.dims = 8;
  spec.theta = -1.0;
  CHECK_THROWS_AS(Rope{spec}, std::invalid_argument);
  spec.theta = 1e4;
  spec.factor = 0.0;
  CHECK_THROWS_AS(Rope{spec}, std::invalid_argument);
  spec.factor = 2.0;
  for (const RopeKind kind : {RopeKind::dynamic, RopeKind::llama3, RopeKind::yarn, RopeKind::longrope}) {
    spec.kind = kind;
    CHECK_THROWS_AS(Rope{spec}, std::invalid_argument);
  }
}
