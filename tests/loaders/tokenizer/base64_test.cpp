#include "loaders/tokenizer/base64.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("base64 there and back") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(from_base64(to_base64(bytes)) == bytes);
    bytes += static_cast<char>(static_cast<unsigned char>(i * 7));
  }
  CHECK(to_base64("Hi") == "SGk=");
  CHECK(to_base64("H") == "SA==");
  CHECK(to_base64("").empty());
}

TEST_CASE("what is not base64 is refused") {
  for (const char* text : {"SGk", "SG=k", "S===", "SGk!", "SGl=", "SGk=\n", "=", "SGk=SGk="})
    CHECK_FALSE(from_base64(text).has_value());
}

}  // namespace kelvin
