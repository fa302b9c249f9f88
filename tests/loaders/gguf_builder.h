// GGUF files made by hand.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "loaders/gguf/gguf_value.h"

namespace kelvin::test {

inline std::string le(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string gguf_string(std::string_view text) { return le(text.size(), 8).append(text); }

class GgufBuilder {
 public:
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;  // of the data; the key general.alignment is the test's own to write

  // A value of any type, its bytes given.
  GgufBuilder& raw(std::string_view key, GgufType type, const std::string& bytes) {
    values_ += gguf_string(key) + le(static_cast<std::uint32_t>(type), 4) + bytes;
    ++value_count_;
    return *this;
  }
  GgufBuilder& text(std::string_view key, std::string_view value) {
    return raw(key, GgufType::string, gguf_string(value));
  }
  GgufBuilder& u32(std::string_view key, std::uint32_t value) {
    return raw(key, GgufType::u32, le(value, 4));
  }
  GgufBuilder& f32(std::string_view key, float value) {
    return raw(key, GgufType::f32, le(std::bit_cast<std::uint32_t>(value), 4));
  }
  GgufBuilder& boolean(std::string_view key, bool value) { return raw(key, GgufType::boolean, le(value, 1)); }
  GgufBuilder& texts(std::string_view key, const std::vector<std::string>& values) {
    std::string bytes = le(static_cast<std::uint32_t>(GgufType::string), 4) + le(values.size(), 8);
    for (const std::string& value : values) bytes += gguf_string(value);
    return raw(key, GgufType::array, bytes);
  }
  GgufBuilder& ints(std::string_view key, const std::vector<std::int32_t>& values) {
    std::string bytes = le(static_cast<std::uint32_t>(GgufType::i32), 4) + le(values.size(), 8);
    for (const std::int32_t value : values) bytes += le(static_cast<std::uint32_t>(value), 4);
    return raw(key, GgufType::array, bytes);
  }
  GgufBuilder& floats(std::string_view key, const std::vector<float>& values) {
    std::string bytes = le(static_cast<std::uint32_t>(GgufType::f32), 4) + le(values.size(), 8);
    for (const float value : values) bytes += le(std::bit_cast<std::uint32_t>(value), 4);
    return raw(key, GgufType::array, bytes);
  }

  // `shape` with the fastest-running dimension last, as everywhere but in the file.
  GgufBuilder& tensor(std::string_view name, std::vector<std::uint64_t> shape, std::uint32_t type,
                      const std::string& data) {
    pad(data_);
    entry(name, std::move(shape), type, data_.size());
    data_ += data;
    return *this;
  }
  // An entry alone, at any offset.
  GgufBuilder& entry(std::string_view name, std::vector<std::uint64_t> shape, std::uint32_t type,
                     std::uint64_t offset) {
    entries_ += gguf_string(name) + le(shape.size(), 4);
    for (std::size_t i = shape.size(); i-- > 0;) entries_ += le(shape[i], 8);
    entries_ += le(type, 4) + le(offset, 8);
    ++tensor_count_;
    return *this;
  }

  std::string file() const {
    std::string bytes =
        "GGUF" + le(version, 4) + le(tensor_count_, 8) + le(value_count_, 8) + values_ + entries_;
    pad(bytes);
    return bytes + data_;
  }

 private:
  void pad(std::string& bytes) const {
    while (bytes.size() % alignment != 0) bytes += '\0';
  }

  std::string values_, entries_, data_;
  std::uint64_t value_count_ = 0, tensor_count_ = 0;
};

}  // namespace kelvin::test
