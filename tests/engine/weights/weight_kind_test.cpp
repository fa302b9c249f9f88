#include "engine/weights/weight_kind.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/weights/storage.h"

using namespace kelvin;

TEST_CASE("every kind of weights has a name that leads back to it") {
  for (const WeightKind& kind : weight_kinds()) {
    const auto named = weight_kind_named(kind.name());
    REQUIRE(named.has_value());
    CHECK(named->layers == kind.layers);
    CHECK(named->head == kind.head);
    CHECK(named->embedding == kind.embedding);
  }
  CHECK(!weight_kind_named("q9"));
  CHECK(weight_kind_named("q4h")->layers == Storage::q4);
  CHECK(weight_kind_named("q4h")->head == Storage::q8);
  CHECK(WeightKind(Storage::q8).embedding == Storage::bf16);
}

TEST_CASE("kinds in messages") {
  CHECK(weight_kinds_text(false, false) == "f32, bf16, q8, q4 or q4h");
  CHECK(weight_kinds_text(true, false) == "q8, q4 or q4h");
  CHECK(weight_kinds_text(true, true) == "q8 (8 bits), q4 (4 bits) or q4h (4 bits, the head in 8)");
}
