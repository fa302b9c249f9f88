#include "loaders/tensors/weight_index.h"

#include <doctest/doctest.h>

#include "tests/loaders/load_error_check.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

TEST_CASE("an index gives every tensor its shard") {
  const WeightIndex index = weight_index(parse_json(
      R"({"metadata": {"total_size": 1}, "weight_map": {"b": "m-2.safetensors", "a": "m-1.safetensors", "c": "m-2.safetensors"}})"));
  CHECK(index.shards == std::vector<std::string>{"m-1.safetensors", "m-2.safetensors"});
  REQUIRE(index.entries.size() == 3);
  CHECK(index.entries[0].tensor == "b");
  CHECK(index.entries[0].shard == 1);
  CHECK(index.entries[1].shard == 0);
  CHECK(index.entries[2].shard == 1);
}

TEST_CASE("no path of an index leaves the folder") {
  for (const char* name : {"/etc/m.safetensors", "../m.safetensors", "a/m.safetensors", "a/../m.safetensors",
                           "..\\\\m.safetensors", ".safetensors", "..safetensors", "", ".", "..", "m.bin",
                           "m.safetensors\\u0000", "\\u0000.safetensors/x.safetensors"}) {
    CAPTURE(name);
    const std::string error = load_error([&] {
      weight_index(parse_json("{\"weight_map\": {\"t\": \"" + std::string(name) + "\"}}", "i.json"));
    });
    CHECK(holds(error, "i.json: weight_map.t: the name of a .safetensors file in the same folder expected"));
  }
}

TEST_CASE("an index must be a map of names") {
  for (const char* text : {"[]", "{}", R"({"weight_map": []})", R"({"weight_map": {}})",
                           R"({"weight_map": {"t": 1}})", R"({"weight_map": {"t": null}})"}) {
    CAPTURE(text);
    CHECK(load_error([&] { weight_index(parse_json(text)); }) != "");
  }
}
