// Protocol Buffers on the wire: the fields of a message, one after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kelvin {

struct ProtobufField {
  std::uint32_t number = 0;
  // By wire type: a varint, or fixed bytes as they stand (little endian); the content of what has a length.
  std::uint64_t value = 0;
  std::string_view content;
  enum class Kind { varint, fixed64, bytes, fixed32 } kind = Kind::varint;
};

// Reads messages that lie in `bytes`, which must outlive it and what it gives. Throws LoadError, which begins
// with `name` and tells the byte, where the bytes are no message.
class ProtobufReader {
 public:
  ProtobufReader(std::string_view bytes, std::string_view name) : ProtobufReader(bytes, name, bytes.data()) {}

  std::optional<ProtobufField> next();                      // nothing at the end
  ProtobufReader inside(const ProtobufField& field) const;  // a message within this one
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  ProtobufReader(std::string_view bytes, std::string_view name, const char* file)
      : rest_(bytes), name_(name), file_(file) {}
  std::uint64_t varint();
  std::string_view take(std::uint64_t size);

  std::string_view rest_, name_;
  const char* file_;  // where the outermost message begins
};

}  // namespace kelvin
