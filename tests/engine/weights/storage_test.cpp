#include "engine/weights/storage.h"

#include <doctest/doctest.h>

#include <string>

using namespace kelvin;

TEST_CASE("every storage has a name of its own that leads back to it") {
  for (const Storage storage : storages) {
    REQUIRE(storage_named(name_of(storage)).has_value());
    CHECK(*storage_named(name_of(storage)) == storage);
  }
  CHECK(std::string(name_of(Storage::q4)) == "q4");
  CHECK(!storage_named("q5"));
  CHECK(!storage_named(""));
}

TEST_CASE("bytes of a matrix") {
  CHECK(matrix_bytes(Storage::f32, 3, 5) == 60);
  CHECK(matrix_bytes(Storage::bf16, 3, 5) == 30);
  CHECK(matrix_bytes(Storage::q8, 16, 256) == 128 + 16 * 256);
  CHECK(matrix_bytes(Storage::q4, 16, 256) == 192 + 8 * 256);
  CHECK(matrix_bytes(Storage::bf16, 200000, 20000) == 8000000000u);
}
