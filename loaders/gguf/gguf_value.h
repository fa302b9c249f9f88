// One key of a GGUF file's metadata, with its value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin {

// As the format numbers them.
enum class GgufType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64
};

std::string_view gguf_type_name(GgufType type);  // "u32"
std::size_t gguf_type_size(GgufType type);       // bytes; 0 for strings and arrays

// A view into a checked file. Accessors throw LoadError "path: key: problem" where the type is another.
class GgufValue {
 public:
  // `type`: of the value, or of each item of an array.
  GgufValue(const std::string& file, std::string_view key, GgufType type, bool is_array, std::uint64_t count,
            std::span<const std::byte> bytes)
      : file_(&file), key_(key), type_(type), is_array_(is_array), count_(count), bytes_(bytes) {}

  std::string_view key() const { return key_; }
  bool is_array() const { return is_array_; }
  std::uint64_t size() const { return count_; }  // items of an array

  std::string_view as_string() const;
  bool as_bool() const;
  std::int64_t as_int() const;  // of any integer type
  double as_double() const;     // of any type of number
  std::int64_t int_in(std::int64_t low, std::int64_t high) const;

  // Arrays, whole.
  std::vector<std::string_view> strings() const;
  std::vector<std::int64_t> ints() const;  // booleans count as 0 and 1
  std::vector<double> numbers() const;

  // Of a number or bool, or of an array of them; empty for texts.
  std::vector<double> plain_numbers() const;
  std::string shown() const;  // for errors: "8", "\"yarn\"", "an array"

  // Throws LoadError that names file and key.
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  [[noreturn]] void fail_type(const char* expected) const;
  std::string found() const;

  const std::string* file_;
  std::string_view key_;
  GgufType type_;
  bool is_array_;
  std::uint64_t count_;
  std::span<const std::byte> bytes_;  // without the length of a string or the head of an array
};

// A little-endian integer of up to 8 bytes.
std::uint64_t little_endian(std::span<const std::byte> bytes);

}  // namespace kelvin
