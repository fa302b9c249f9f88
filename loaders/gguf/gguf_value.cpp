#include "loaders/gguf/gguf_value.h"

#include <bit>
#include <cstdio>
#include <limits>

#include "loaders/files/load_error.h"

namespace kelvin {
namespace {

bool is_integer(GgufType type) {
  return type != GgufType::f32 && type != GgufType::f64 && type != GgufType::boolean &&
         gguf_type_size(type) > 0;
}

bool is_signed(GgufType type) {
  return type == GgufType::i8 || type == GgufType::i16 || type == GgufType::i32 || type == GgufType::i64;
}

double real(GgufType type, std::span<const std::byte> bytes) {
  const std::uint64_t bits = little_endian(bytes);
  return type == GgufType::f32 ? std::bit_cast<float>(static_cast<std::uint32_t>(bits))
                               : std::bit_cast<double>(bits);
}

std::int64_t integer(GgufType type, std::span<const std::byte> bytes) {
  const std::uint64_t bits = little_endian(bytes);
  const int unused = 64 - static_cast<int>(8 * bytes.size());
  return is_signed(type) ? static_cast<std::int64_t>(bits << unused) >> unused
                         : static_cast<std::int64_t>(bits);
}

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string_view gguf_type_name(GgufType type) {
  constexpr std::string_view names[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                        "bool", "string", "array", "u64", "i64", "f64"};
  return names[static_cast<std::size_t>(type)];
}

std::size_t gguf_type_size(GgufType type) {
  constexpr std::size_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return sizes[static_cast<std::size_t>(type)];
}

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

void GgufValue::fail(const std::string& problem) const {
  throw LoadError(*file_, printable(key_) + ": " + problem);
}

std::string GgufValue::found() const {
  return (is_array_ ? "an array of " : "") + std::string(gguf_type_name(type_)) + " found";
}

void GgufValue::fail_type(const char* expected) const {
  fail(std::string(expected) + " expected, " + found());
}

std::string_view GgufValue::as_string() const {
  if (is_array_ || type_ != GgufType::string) fail_type("a string");
  return text(bytes_);
}

bool GgufValue::as_bool() const {
  if (is_array_ || type_ != GgufType::boolean) fail_type("a bool");
  return bytes_[0] != std::byte{0};
}

std::int64_t GgufValue::as_int() const {
  if (is_array_ || !is_integer(type_)) fail_type("an integer");
  const std::int64_t value = integer(type_, bytes_);
  if (value < 0 && !is_signed(type_)) fail("an integer below 2^63 expected, a larger one found");
  return value;
}

double GgufValue::as_double() const {
  if (!is_array_ && (type_ == GgufType::f32 || type_ == GgufType::f64)) return real(type_, bytes_);
  if (is_array_ || !is_integer(type_)) fail_type("a number");
  return static_cast<double>(as_int());
}

std::int64_t GgufValue::int_in(std::int64_t low, std::int64_t high) const {
  const std::int64_t value = as_int();
  if (value < low || value > high)
    fail("an integer of " + std::to_string(low) + " to " + std::to_string(high) + " expected, " +
         std::to_string(value) + " found");
  return value;
}

std::vector<std::string_view> GgufValue::strings() const {
  if (!is_array_ || type_ != GgufType::string) fail_type("an array of strings");
  std::vector<std::string_view> strings;
  strings.reserve(count_);
  for (std::size_t at = 0; strings.size() < count_;) {
    const std::uint64_t length = little_endian(bytes_.subspan(at, 8));
    strings.push_back(text(bytes_.subspan(at + 8, length)));
    at += 8 + length;
  }
  return strings;
}

std::vector<std::int64_t> GgufValue::ints() const {
  if (!is_array_ || (!is_integer(type_) && type_ != GgufType::boolean)) fail_type("an array of integers");
  const std::size_t size = gguf_type_size(type_);
  std::vector<std::int64_t> values;
  values.reserve(count_);
  for (std::size_t i = 0; i < count_; ++i) values.push_back(integer(type_, bytes_.subspan(i * size, size)));
  return values;
}

std::vector<double> GgufValue::numbers() const {
  if (!is_array_ || type_ == GgufType::string) fail_type("an array of numbers");
  if (type_ != GgufType::f32 && type_ != GgufType::f64) {
    const std::vector<std::int64_t> values = ints();
    return {values.begin(), values.end()};
  }
  const std::size_t size = gguf_type_size(type_);
  std::vector<double> values;
  values.reserve(count_);
  for (std::size_t i = 0; i < count_; ++i) values.push_back(real(type_, bytes_.subspan(i * size, size)));
  return values;
}

std::vector<double> GgufValue::plain_numbers() const {
  if (gguf_type_size(type_) == 0) return {};
  if (is_array_) return numbers();
  if (type_ == GgufType::boolean) return {as_bool() ? 1.0 : 0.0};
  return {as_double()};
}

std::string GgufValue::shown() const {
  if (is_array_) return "an array";
  if (type_ == GgufType::string) return in_quotes(as_string());
  if (type_ == GgufType::boolean) return as_bool() ? "true" : "false";
  if (is_integer(type_)) return std::to_string(as_int());
  char text[32];
  std::snprintf(text, sizeof text, "%g", as_double());
  return text;
}

}  // namespace kelvin
