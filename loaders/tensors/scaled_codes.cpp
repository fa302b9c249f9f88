#include "loaders/tensors/scaled_codes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/weights/half.h"

namespace kelvin {
namespace {

std::uint32_t word_at(const std::byte* from, std::size_t index) {
  std::uint32_t word;
  std::memcpy(&word, from + index * sizeof word, sizeof word);
  return word;
}

// Number `index` of those of `bits` that lie one after the other in words `stride` apart.
int bits_at(const std::byte* words, std::size_t stride, std::size_t index, int bits) {
  const std::size_t at = index * static_cast<std::size_t>(bits), word = at / 32, shift = at % 32;
  std::uint64_t two = word_at(words, word * stride);
  if (shift + static_cast<std::size_t>(bits) > 32)
    two |= static_cast<std::uint64_t>(word_at(words, (word + 1) * stride)) << 32;
  return static_cast<int>(two >> shift & ((1u << bits) - 1));
}

// Which nibble of its word holds each of eight rows.
constexpr int awq_nibble[] = {0, 4, 1, 5, 2, 6, 3, 7};

constexpr float e2m1[] = {0.0f,  0.5f,  1.0f,  1.5f,  2.0f,  3.0f,  4.0f,  6.0f,
                          -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f};

float e5m2_to_f32(std::uint8_t bits) { return engine::f16_to_f32(static_cast<std::uint16_t>(bits << 8)); }

float number_at(Dtype dtype, const std::byte* from, std::size_t index) {
  if (dtype == Dtype::f32) return std::bit_cast<float>(word_at(from, index));
  if (dtype == Dtype::f8_e8m0 || dtype == Dtype::u8)
    return e8m0_to_f32(static_cast<std::uint8_t>(from[index]));
  std::uint16_t half;
  std::memcpy(&half, from + index * sizeof half, sizeof half);
  return dtype == Dtype::bf16 ? engine::bf16_to_f32(half) : engine::f16_to_f32(half);
}

// Codes of a matrix whose rows are `cols` long.
class Codes {
 public:
  Codes(const CodeTensor& codes, std::uint64_t cols)
      : tensor_(*codes.tensor),
        layout_(codes.layout),
        bits_(codes.bits),
        offset_(codes.offset),
        one_row_(codes.one_row),
        cols_(cols) {}

  std::size_t bytes() const { return tensor_.stored.data.size(); }

  // Those of one row, as floats, which hold them exactly.
  void read(std::size_t row, float* to) const {
    const std::byte* const data = tensor_.stored.data.data();
    const std::size_t width = tensor_.stored.shape.empty() ? 1 : tensor_.stored.shape.back();
    if (one_row_) row = 0;
    switch (layout_) {
      case CodeLayout::row_along:
        for (std::size_t i = 0; i < cols_; ++i) to[i] = minus(bits_at(data + 4 * row * width, 1, i, bits_));
        return;
      case CodeLayout::row_down:
        for (std::size_t i = 0; i < cols_; ++i) to[i] = minus(bits_at(data + 4 * row, width, i, bits_));
        return;
      case CodeLayout::column_along:
        for (std::size_t i = 0; i < cols_; ++i) to[i] = minus(bits_at(data + 4 * i * width, 1, row, bits_));
        return;
      case CodeLayout::column_down:
        for (std::size_t i = 0; i < cols_; ++i) to[i] = minus(bits_at(data + 4 * i, width, row, bits_));
        return;
      case CodeLayout::awq: {
        const int shift = 4 * awq_nibble[row % 8];
        for (std::size_t i = 0; i < cols_; ++i)
          to[i] = minus(static_cast<int>(word_at(data, i * width + row / 8) >> shift & 15));
        return;
      }
      case CodeLayout::int8:
        for (std::size_t i = 0; i < cols_; ++i)
          to[i] = static_cast<float>(static_cast<std::int8_t>(data[row * cols_ + i]));
        return;
      case CodeLayout::float8: {
        const bool e4m3 = tensor_.stored.dtype == Dtype::f8_e4m3;
        for (std::size_t i = 0; i < cols_; ++i) {
          const auto bits = static_cast<std::uint8_t>(data[row * cols_ + i]);
          to[i] = e4m3 ? e4m3_to_f32(bits) : e5m2_to_f32(bits);
        }
        return;
      }
      case CodeLayout::float4:
        for (std::size_t i = 0; i < cols_; ++i) {
          const int pair = static_cast<int>(data[(row * cols_ + i) / 2]);
          to[i] = e2m1[i % 2 == 0 ? pair & 15 : pair >> 4];
        }
    }
  }

 private:
  float minus(int code) const { return static_cast<float>(code - offset_); }

  TensorFiles::Tensor tensor_;
  CodeLayout layout_;
  int bits_, offset_;
  bool one_row_;
  std::size_t cols_;
};

class ScaledCodes : public ComputedMatrix {
 public:
  explicit ScaledCodes(const ScaledCodesSpec& spec)
      : spec_(spec), codes_(spec.codes, spec.cols), scales_(*spec.scales.tensor) {
    groups_ = spec.group_size == 0 ? 1 : (spec.cols + spec.group_size - 1) / spec.group_size;
    if (spec.zeros) zeros_.emplace(*spec.zeros, groups_);
    spec_.codes.tensor = spec_.scales.tensor = nullptr;  // what they point to may go
    spec_.zeros.reset();
  }

  std::size_t row_bytes() const override { return codes_.bytes() / spec_.rows; }

  void read_rows(std::size_t first, std::size_t count, float* to) const override {
    std::vector<float> scales(groups_), zeros(groups_, 0.0f);
    for (std::size_t row = first; row < first + count; ++row, to += spec_.cols) {
      codes_.read(row, to);
      for (std::size_t group = 0; group < groups_; ++group) scales[group] = scale_at(row, group);
      if (zeros_) zeros_->read(row, zeros.data());
      if (!spec_.group_of.empty()) {
        for (std::size_t i = 0; i < spec_.cols; ++i) {
          const std::uint32_t group = spec_.group_of[i];
          to[i] = scales[group] * (to[i] - zeros[group]);
        }
        continue;
      }
      const std::size_t size = spec_.group_size == 0 ? spec_.cols : spec_.group_size;
      for (std::size_t group = 0, i = 0; group < groups_; ++group)
        for (const std::size_t end = std::min(i + size, static_cast<std::size_t>(spec_.cols)); i < end; ++i)
          to[i] = scales[group] * (to[i] - zeros[group]);
    }
  }

 private:
  float scale_at(std::size_t row, std::size_t group) const {
    const std::size_t block = spec_.scales.row_block == 0 ? 0 : row / spec_.scales.row_block;
    const std::size_t at = spec_.scales.groups_first ? group * spec_.rows + block : block * groups_ + group;
    return number_at(scales_.stored.dtype, scales_.stored.data.data(), at);
  }

  ScaledCodesSpec spec_;
  Codes codes_;
  TensorFiles::Tensor scales_;
  std::optional<Codes> zeros_;
  std::size_t groups_;
};

}  // namespace

float e8m0_to_f32(std::uint8_t bits) {
  return bits == 255 ? std::numeric_limits<float>::quiet_NaN() : std::ldexp(1.0f, bits - 127);
}

float e4m3_to_f32(std::uint8_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x80u) << 24;
  const std::uint32_t magnitude = bits & 0x7fu;
  if (magnitude == 0x7f) return std::bit_cast<float>(sign | 0x7fc00000u);  // there are no infinities
  // Subnormals count in units of 2^-9.
  if (magnitude < 8)
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-9f));
  return std::bit_cast<float>(sign | ((magnitude << 20) + (120u << 23)));
}

std::shared_ptr<const ComputedMatrix> scaled_codes(const ScaledCodesSpec& spec) {
  return std::make_shared<ScaledCodes>(spec);
}

}  // namespace kelvin
