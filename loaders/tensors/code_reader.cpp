#include "loaders/tensors/code_reader.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

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

}  // namespace

CodeReader::CodeReader(const CodeTensor& codes, std::uint64_t cols)
    : tensor_(*codes.tensor),
      layout_(codes.layout),
      bits_(codes.bits),
      offset_(codes.offset),
      one_row_(codes.one_row),
      cols_(cols) {}

// Codes that lie in words `stride` apart.
template <class Number>
void CodeReader::read_words(const std::byte* words, std::size_t stride, Number* to) const {
  if (32 % bits_ != 0) {
    for (std::size_t i = 0; i < cols_; ++i)
      to[i] = static_cast<Number>(bits_at(words, stride, i, bits_) - offset_);
    return;
  }
  const std::size_t in_word = 32 / static_cast<std::size_t>(bits_);
  const std::uint32_t mask = (1u << bits_) - 1;
  for (std::size_t i = 0; i < cols_; i += in_word, words += 4 * stride) {
    std::uint32_t word = word_at(words, 0);
    const std::size_t end = std::min(i + in_word, cols_);
    for (std::size_t k = i; k < end; ++k, word >>= bits_)
      to[k] = static_cast<Number>(static_cast<int>(word & mask) - offset_);
  }
}

// Whole words of eight rows.
void CodeReader::read_awq(std::size_t first, std::size_t count, std::int16_t* to, std::size_t stride) const {
  const std::byte* const data = tensor_.stored.data.data();
  for (std::size_t eight = 0; eight < count; eight += 8, to += 8 * stride)
    for (std::size_t i = 0; i < cols_; ++i) {
      const std::uint32_t word = word_at(data, i * width() + (first + eight) / 8);
      for (std::size_t r = 0; r < 8; ++r)
        to[r * stride + i] =
            static_cast<std::int16_t>(static_cast<int>(word >> 4 * awq_nibble[r] & 15) - offset_);
    }
}

void CodeReader::read_whole(std::size_t first, std::size_t count, int unit, std::int16_t* to,
                            std::size_t stride) const {
  if (layout_ == CodeLayout::awq && first % 8 == 0 && count % 8 == 0)
    return read_awq(first, count, to, stride);
  const std::byte* const data = tensor_.stored.data.data();
  std::vector<float> codes(cols_);
  for (std::size_t row = first; row < first + count; ++row, to += stride) {
    if (layout_ == CodeLayout::row_along) {
      read_words(data + 4 * row * width(), 1, to);
    } else if (layout_ == CodeLayout::row_down) {
      read_words(data + 4 * row, width(), to);
    } else {
      read(row, codes.data());
      for (std::size_t i = 0; i < cols_; ++i)
        to[i] = static_cast<std::int16_t>(static_cast<float>(unit) * codes[i]);
    }
  }
}

void CodeReader::read(std::size_t row, float* to) const {
  const std::byte* const data = tensor_.stored.data.data();
  if (one_row_) row = 0;
  switch (layout_) {
    case CodeLayout::row_along:
      return read_words(data + 4 * row * width(), 1, to);
    case CodeLayout::row_down:
      return read_words(data + 4 * row, width(), to);
    case CodeLayout::column_along:
      for (std::size_t i = 0; i < cols_; ++i) to[i] = minus(bits_at(data + 4 * i * width(), 1, row, bits_));
      return;
    case CodeLayout::column_down:
      for (std::size_t i = 0; i < cols_; ++i) to[i] = minus(bits_at(data + 4 * i, width(), row, bits_));
      return;
    case CodeLayout::awq: {
      const int shift = 4 * awq_nibble[row % 8];
      for (std::size_t i = 0; i < cols_; ++i)
        to[i] = minus(static_cast<int>(word_at(data, i * width() + row / 8) >> shift & 15));
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

float number_at(const StoredTensor& tensor, std::size_t index) {
  const std::byte* const from = tensor.data.data();
  if (tensor.dtype == Dtype::f32) return std::bit_cast<float>(word_at(from, index));
  if (tensor.dtype == Dtype::f8_e8m0 || tensor.dtype == Dtype::u8)
    return e8m0_to_f32(static_cast<std::uint8_t>(from[index]));
  std::uint16_t half;
  std::memcpy(&half, from + index * sizeof half, sizeof half);
  return tensor.dtype == Dtype::bf16 ? engine::bf16_to_f32(half) : engine::f16_to_f32(half);
}

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

}  // namespace kelvin
