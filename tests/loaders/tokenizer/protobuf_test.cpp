#include "loaders/tokenizer/protobuf.h"

#include <doctest/doctest.h>

#include "loaders/files/load_error.h"

namespace kelvin {
namespace {

void drain(std::string_view bytes) {
  ProtobufReader reader(bytes, "file");
  while (reader.next()) continue;
}

void refuse(std::string_view bytes, const char* part) {
  CHECK_THROWS_WITH_AS(drain(bytes), doctest::Contains(part), LoadError);
}

}  // namespace

TEST_CASE("fields of every wire type") {
  using namespace std::string_view_literals;
  const std::string_view bytes =
      "\x08\xAC\x02\x12\x03"
      "abc\x1D\x01\x02\x00\x00\x21\x01\x00\x00\x00\x00\x00\x00\x80"sv;
  ProtobufReader reader(bytes, "file");
  auto field = reader.next();
  CHECK(field->number == 1);
  CHECK(field->value == 300);
  field = reader.next();
  CHECK(field->content == "abc");
  CHECK_THROWS_AS(reader.inside(*field).next(), LoadError);
  field = reader.next();
  CHECK(field->kind == ProtobufField::Kind::fixed32);
  CHECK(field->value == 513);
  field = reader.next();
  CHECK(field->number == 4);
  CHECK(field->value == 0x8000000000000001u);
  CHECK_FALSE(reader.next().has_value());
}

TEST_CASE("what is no message is refused with its place") {
  using namespace std::string_view_literals;
  refuse(
      "\x12\x05"
      "abc"sv,
      "5 bytes expected, 3 left");
  refuse("\x08"sv, "byte 1");
  refuse("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv, "left");
  refuse("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv, "ten bytes");
  refuse("\x0B"sv, "wire type 3");
  refuse("\x00\x00"sv, "number 0");
}

}  // namespace kelvin
