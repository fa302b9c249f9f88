#include "tools/output/sha256.h"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

using kelvin::Sha256;

namespace {

std::string of(std::string_view text) {
  Sha256 sha;
  sha.update(std::as_bytes(std::span(text)));
  return sha.hex();
}

}  // namespace

TEST_CASE("SHA-256 of the examples of FIPS 180-4") {
  CHECK(of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(of(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("how the bytes are cut does not matter") {
  const std::string text(317, 'x');
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 sha;
    sha.update(std::as_bytes(std::span(text).first(cut)));
    const std::string at_cut = sha.hex();
    CHECK(at_cut == of(std::string_view(text).substr(0, cut)));
    sha.update(std::as_bytes(std::span(text).subspan(cut)));
    REQUIRE(sha.hex() == of(text));
  }
}

TEST_CASE("floats are hashed as little-endian bytes") {
  Sha256 sha;
  const std::vector<float> values = {1.0f, -2.5f};
  sha.update(values);
  CHECK(sha.hex() == of(std::string_view("\x00\x00\x80\x3f\x00\x00\x20\xc0", 8)));
}
