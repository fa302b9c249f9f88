#include "loaders/tokenizer/protobuf.h"

#include <string>

#include "loaders/files/load_error.h"

namespace kelvin {

void ProtobufReader::fail(std::string_view problem) const {
  throw LoadError(name_, "byte " + std::to_string(rest_.data() - file_) + ": " + std::string(problem));
}

std::uint64_t ProtobufReader::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(take(1)[0]);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  fail("a varint longer than ten bytes");
}

std::string_view ProtobufReader::take(std::uint64_t size) {
  if (size > rest_.size())
    fail(std::to_string(size) + " bytes expected, " + std::to_string(rest_.size()) + " left");
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::optional<ProtobufField> ProtobufReader::next() {
  if (rest_.empty()) return std::nullopt;
  const std::uint64_t key = varint();
  ProtobufField field;
  if (key >> 3 == 0 || key >> 3 >= 1u << 29) fail("no field has the number " + std::to_string(key >> 3));
  field.number = static_cast<std::uint32_t>(key >> 3);
  const auto fixed = [&](std::uint64_t size) {
    const std::string_view bytes = take(size);
    for (std::size_t i = bytes.size(); i-- > 0;)
      field.value = field.value << 8 | static_cast<unsigned char>(bytes[i]);
  };
  switch (key & 7) {
    case 0:
      field.value = varint();
      return field;
    case 1:
      field.kind = ProtobufField::Kind::fixed64;
      fixed(8);
      return field;
    case 2:
      field.kind = ProtobufField::Kind::bytes;
      field.content = take(varint());
      return field;
    case 5:
      field.kind = ProtobufField::Kind::fixed32;
      fixed(4);
      return field;
    default:
      fail("unknown wire type " + std::to_string(key & 7));
  }
}

ProtobufReader ProtobufReader::inside(const ProtobufField& field) const {
  if (field.kind != ProtobufField::Kind::bytes)
    fail("field " + std::to_string(field.number) + " is no message");
  return ProtobufReader(field.content, name_, file_);
}

}  // namespace kelvin
